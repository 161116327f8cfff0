// SPDX-License-Identifier: Apache-2.0
#include "base/counters.h"

#include <numeric>

namespace cardea::base {

void Histogram::Snapshot::add(const Snapshot& other) {
  for (std::size_t i = 0; i < counts.size(); ++i) counts[i] += other.counts[i];
  sum += other.sum;
}

std::uint64_t Histogram::Snapshot::total() const {
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

Histogram::Snapshot Histogram::read() const {
  Snapshot snapshot;
  for (std::size_t i = 0; i < counts_.size(); ++i) snapshot.counts[i] = counts_[i].value();
  snapshot.sum = sum_.value();
  return snapshot;
}

}  // namespace cardea::base
