// SPDX-License-Identifier: Apache-2.0
// LocalPlanSink: a PlanSink that hands plans to the data plane in this process, whose answer is there when publish()
// returns. Control thread only.
#pragma once

#include <string>
#include <vector>

#include "control/plan_sink.h"
#include "proxy/data_plane.h"

namespace cardea::standalone {

class LocalPlanSink final : public control::PlanSink {
 public:
  // `bind_addresses`: where listeners of Gateways without spec.addresses listen, wildcards included, never empty.
  LocalPlanSink(proxy::DataPlane& data_plane, std::vector<std::string> bind_addresses)
      : data_plane_(data_plane), bind_addresses_(std::move(bind_addresses)) {}

  void publish(const plan::PlanSet& plans) override;
  translate::Observed observed() const override { return observed_; }

  // Something that was asked for could not be bound; retry() asks again. True when that changed what is observed.
  bool has_bind_failures() const { return !observed_.bind_failures.empty(); }
  bool retry();

  bool live() const { return live_; }  // the first plans are served

 private:
  proxy::DataPlane& data_plane_;
  std::vector<std::string> bind_addresses_;
  plan::PlanSet published_;
  translate::Observed observed_;
  bool live_ = false;
};

// What a data plane's answer means to translation. `machine` are the addresses that a wildcard stands for.
translate::Observed observe(const proxy::Applied& applied, const plan::PlanSet& plans,
                            const std::vector<std::string>& bind_addresses, const std::vector<std::string>& machine);

// The addresses of this machine's interfaces, as clients may reach it: IPv4 before IPv6, loopback only when there is no
// other, never link-local.
std::vector<std::string> machine_addresses();

}  // namespace cardea::standalone
