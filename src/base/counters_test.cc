// SPDX-License-Identifier: Apache-2.0
#include "base/counters.h"

#include <gtest/gtest.h>

#include <thread>

namespace cardea::base {
namespace {

constexpr std::array<std::uint64_t, 3> kBounds = {10, 100, 1000};

TEST(Counters, CountUpAndDown) {
  Counter counter;
  counter.add();
  counter.add(41);
  EXPECT_EQ(counter.value(), 42u);
  Gauge gauge;
  gauge.add(3);
  gauge.sub(5);
  EXPECT_EQ(gauge.value(), -2);
  gauge.set(7);
  EXPECT_EQ(gauge.value(), 7);
}

TEST(Counters, HistogramBoundsAreInclusive) {
  Histogram histogram(kBounds);
  for (const std::uint64_t value : {0, 10, 11, 100, 1000, 1001, 5000}) histogram.record(value);
  const auto snapshot = histogram.read();
  EXPECT_EQ(snapshot.counts[0], 2u);
  EXPECT_EQ(snapshot.counts[1], 2u);
  EXPECT_EQ(snapshot.counts[2], 1u);
  EXPECT_EQ(snapshot.counts[3], 2u);
  EXPECT_EQ(snapshot.sum, 7122u);
  EXPECT_EQ(snapshot.total(), 7u);
}

TEST(Counters, SnapshotsAddUp) {
  Histogram a(kBounds);
  Histogram b(kBounds);
  a.record(5);
  b.record(50);
  auto sum = a.read();
  sum.add(b.read());
  EXPECT_EQ(sum.total(), 2u);
  EXPECT_EQ(sum.sum, 55u);
  EXPECT_EQ(sum.counts[1], 1u);
}

TEST(Counters, AnotherThreadMayRead) {
  Counter counter;
  Histogram histogram(kBounds);
  std::jthread writer([&] {
    for (int i = 0; i < 100000; ++i) {
      counter.add();
      histogram.record(1);
    }
  });
  std::uint64_t last = 0;
  while (last < 100000) {
    const std::uint64_t now = counter.value();
    ASSERT_GE(now, last);
    last = now;
    ASSERT_LE(histogram.read().total(), 100000u);
  }
  writer.join();
  EXPECT_EQ(histogram.read().total(), 100000u);
}

}  // namespace
}  // namespace cardea::base
