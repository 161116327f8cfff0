// SPDX-License-Identifier: Apache-2.0
// H2Liveness: when to ask by PING whether the peer of an HTTP/2 connection is still there (RFC 9113 section 6.7). A peer that is
// gone without a word (its host died, or packets are dropped on the way) is found by TCP only after many minutes. Pure: what
// happened and times in, verdicts out.
//
// It is asked when requests wait and nothing was heard for `interval_ms`, and gone when nothing is heard for `timeout_ms`
// after that; whatever comes is a sign of life. One that answers and stays silent otherwise is not asked again soon: servers of
// gRPC end connections on which PING comes oftener than every five minutes while they send nothing (gRPC, "Client-side
// Keepalive": too_many_pings).
//
//   asked(): a request begins    heard(): bytes came    check() after both; deadline(): when to check next
#pragma once

#include <algorithm>
#include <cstdint>

#include "async/loop.h"

namespace cardea::conn {

struct H2LivenessLimits {
  std::uint64_t interval_ms = 0;  // 0: never asks
  std::uint64_t timeout_ms = 0;   // 0: nobody is ever gone
};

class H2Liveness {
 public:
  static constexpr std::uint64_t kRestMs = 5 * 60'000 + 1'000;
  enum class Verdict : std::uint8_t { Fine, Ask, Gone };

  explicit H2Liveness(const H2LivenessLimits& limits) : limits_(limits) {}

  void asked(async::Deadline now) {
    if (silent_since_ == async::kNever) silent_since_ = now;
  }
  // `progress`: there was more among it than answers to PING and windows; HEADERS or DATA.
  void heard(async::Deadline now, bool progress);
  // ... an answer to PING: before heard().
  void acknowledged() { acknowledged_ = true; }

  // `waiting`: requests are under way. Ask: the caller sends a PING now.
  Verdict check(async::Deadline now, bool waiting);
  async::Deadline deadline(bool waiting) const;

 private:
  async::Deadline ask_at() const;

  const H2LivenessLimits& limits_;
  async::Deadline silent_since_ = async::kNever;   // that it is to be asked about
  async::Deadline last_asked_ = async::kNever;
  async::Deadline answer_until_ = async::kNever;
  bool may_ask_early_ = true;  // once before it has rested, for each sign of progress
  bool acknowledged_ = false;
};

}  // namespace cardea::conn
