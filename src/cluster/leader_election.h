// SPDX-License-Identifier: Apache-2.0
// LeaderElection: which replica of the controller writes, by a Lease (coordination.k8s.io/v1, Kubernetes "Leases"). A replica
// leads while it renews the Lease in time; a Lease that nobody has renewed for its duration, as seen by our own clock, is free.
// Control thread only.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "async/stop.h"
#include "async/task.h"
#include "base/clock.h"
#include "base/counters.h"
#include "kube/client.h"

namespace cardea::cluster {

struct LeaderSettings {
  std::string namespace_{};
  std::string lease = "cardea-controller";
  std::string identity{};  // unique among the replicas
  std::chrono::milliseconds duration{15'000};     // others wait that long for a leader that is gone
  std::chrono::milliseconds renew_within{10'000};  // we stop leading when that has not succeeded
  std::chrono::milliseconds retry{2'000};          // between attempts
};

class LeaderElection {
 public:
  // `changed` is called with every gain and loss.
  LeaderElection(kube::Client& client, LeaderSettings settings, base::WallTime (*now)(), std::function<void(bool)> changed);

  // Once in its life. After `stop` the Lease is given back, so that another replica leads at once.
  async::Task<void> run(async::StopToken stop);

  bool leading() const { return leading_; }
  const std::string& holder() const { return holder_; }  // as last seen
  const std::string& problem() const { return problem_; }
  std::uint64_t gains() const { return gains_.value(); }

 private:
  async::Task<bool> try_to_hold();
  async::Task<bool> create();
  base::Value lease_with(base::Value lease, std::string_view holder) const;
  void note(const base::Value& lease);
  void set_leading(bool leading);
  async::Task<void> release();

  kube::Client& client_;
  LeaderSettings settings_;
  base::WallTime (*now_)();
  std::function<void(bool)> changed_;
  base::Value lease_;               // as last seen or written; null: none
  async::Deadline seen_ = 0;        // when it changed last
  async::Deadline renewed_ = 0;     // when we last held it for certain
  std::string holder_;
  std::string problem_;
  bool leading_ = false;
  base::Counter gains_;
};

}  // namespace cardea::cluster
