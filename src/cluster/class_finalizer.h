// SPDX-License-Identifier: Apache-2.0
// ClassFinalizer: keeps a GatewayClass of ours from being deleted while Gateways use it, by the finalizer that the API names for
// that (facts, 1.3), and lets it go when none does. Only the leader writes. Control thread only.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "api/resources.h"
#include "async/stop.h"
#include "async/task.h"
#include "base/backoff.h"
#include "kube/client.h"

namespace cardea::cluster {

inline constexpr std::string_view kGatewayExists = "gateway-exists-finalizer.gateway.networking.k8s.io";

class ClassFinalizer {
 public:
  ClassFinalizer(kube::Client& client, std::string controller_name);

  // Once in its life; returns when `stop` is requested.
  async::Task<void> run(async::StopToken stop);

  void want(const api::Resources& resources);
  void set_leader(bool leader);

 private:
  struct Class {
    std::string uid;
    bool in_use = false;
    bool written = false;  // what we know stands there
  };

  async::Task<bool> write_all();

  kube::Client& client_;
  std::string controller_name_;
  bool leader_ = false;
  std::map<std::string, Class> classes_;
  base::Backoff retry_;
  async::Signal work_;
};

}  // namespace cardea::cluster
