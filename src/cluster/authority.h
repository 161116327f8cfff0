// SPDX-License-Identifier: Apache-2.0
// Authority: the controllers' own CA in the cluster. It stands in one Secret beside the controllers; whichever replica comes
// first makes it, and any replica moves it on when its time has come (cluster/ca_rotation.h), never over another's write.
// Each replica has a certificate of it for itself, which it never stores.
//
// Control thread only.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "async/stop.h"
#include "async/task.h"
#include "base/clock.h"
#include "base/result.h"
#include "cluster/ca_rotation.h"
#include "kube/client.h"
#include "net/tls.h"

namespace cardea::cluster {

struct AuthorityOptions {
  std::string namespace_;
  std::string secret = "cardea-controller-ca";
  CaPolicy policy{};
  std::chrono::milliseconds look_every{30'000};  // at the Secret
  std::chrono::milliseconds retry{1'000};        // when it cannot be read or written
};

class Authority {
 public:
  // `changed` is called when bundle() is another.
  Authority(kube::Client& client, AuthorityOptions options, base::WallTime (*now)(), std::function<void()> changed);

  // Once in its life; returns when `stop` is requested.
  async::Task<void> run(async::StopToken stop);

  // PEM of what proxies are to trust; empty before the Secret was read.
  const std::string& bundle() const { return bundle_; }
  // What handshakes show; null before the Secret was read.
  const std::shared_ptr<const net::TlsContext>& identity() const { return identity_; }
  const std::string& problem() const { return problem_; }

 private:
  async::Task<base::Result<>> look();
  async::Task<base::Result<>> write(const CaState& state, std::optional<base::Value> live);
  base::Result<> take(const CaState& state);
  base::Result<> issue(const CaState& state);

  kube::Client& client_;
  AuthorityOptions options_;
  base::WallTime (*now_)();
  std::function<void()> changed_;
  std::string bundle_;
  std::string issued_by_;  // PEM
  base::WallTime issued_at_;
  std::shared_ptr<const net::TlsContext> identity_;
  std::string problem_;
};

}  // namespace cardea::cluster
