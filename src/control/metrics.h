// SPDX-License-Identifier: Apache-2.0
// What the control loop counts. Written by the control thread, read by whoever makes the metrics page.
#pragma once

#include <array>
#include <cstdint>

#include "base/counters.h"

namespace cardea::control {

inline constexpr std::array<std::uint64_t, 14> kDurationBounds{100,    250,    500,     1'000,   2'500,   5'000,     10'000,
                                                               25'000, 50'000, 100'000, 250'000, 500'000, 1'000'000, 2'500'000};

struct Metrics {
  base::Gauge objects;
  base::Counter changes;  // of objects, that counted
  base::Counter batches;
  base::Counter translations;
  base::Counter publications;
  base::Counter status_writes;  // of objects
  base::Histogram translate_microseconds{kDurationBounds};
  base::Histogram publish_microseconds{kDurationBounds};
};

}  // namespace cardea::control
