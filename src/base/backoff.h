// SPDX-License-Identifier: Apache-2.0
// Backoff: how long to wait before trying again: doubling, with jitter, bounded, and from the start again after a success.
// One thread.
#pragma once

#include <algorithm>
#include <chrono>
#include <random>
#include <utility>

namespace cardea::base {

class Backoff {
 public:
  using Duration = std::chrono::milliseconds;
  Backoff(Duration first, Duration most) : first_(first), most_(most), next_(first), random_(std::random_device{}()) {}

  // Between half of the current step and all of it.
  Duration next() {
    const Duration step = std::exchange(next_, std::min(next_ * 2, most_));
    return Duration(std::uniform_int_distribution<Duration::rep>((step.count() + 1) / 2, step.count())(random_));
  }
  void reset() { next_ = first_; }

 private:
  Duration first_;
  Duration most_;
  Duration next_;
  std::minstd_rand random_;
};

}  // namespace cardea::base
