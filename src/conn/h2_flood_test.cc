// SPDX-License-Identifier: Apache-2.0
#include "conn/h2_flood.h"

#include <gtest/gtest.h>

namespace cardea::conn {
namespace {

enum : std::uint8_t { kData, kHeaders, kPriority, kRstStream, kSettings, kPushPromise, kPing, kGoaway, kWindowUpdate, kContinuation, kUnknown };

// How many frames of a kind pass at once.
int passes(H2FloodGuard& guard, std::uint8_t type, std::uint64_t now = 0, std::size_t length = 4) {
  int count = 0;
  while (count < 100'000 && guard.allow_frame(type, 0, length, now)) ++count;
  return count;
}

TEST(H2Flood, EachKindHasItsBudget) {
  const struct {
    std::uint8_t type;
    std::size_t length;
    int limit;
    H2Flood kind;
  } rows[] = {
      {kRstStream, 4, 1000, H2Flood::Resets},       {kSettings, 0, 100, H2Flood::Settings},   {kPing, 8, 1000, H2Flood::Pings},
      {kWindowUpdate, 4, 2000, H2Flood::WindowUpdates}, {kData, 0, 100, H2Flood::EmptyData}, {kPriority, 5, 1000, H2Flood::OtherFrames},
      {kUnknown, 0, 1000, H2Flood::OtherFrames},    {kContinuation, 9, 16, H2Flood::Continuations},
  };
  for (const auto& row : rows) {
    H2FloodGuard guard({}, 0);
    EXPECT_EQ(passes(guard, row.type, 0, row.length), row.limit) << flood_name(row.kind);
    EXPECT_EQ(guard.overdrawn(), row.kind);
  }
}

TEST(H2Flood, BudgetsRefillWithTime) {
  H2FloodGuard guard({}, 0);
  EXPECT_EQ(passes(guard, kRstStream), 1000);
  EXPECT_EQ(passes(guard, kRstStream, 1), 0);
  EXPECT_EQ(passes(guard, kRstStream, H2FloodGuard::kRefillMs), 1000) << "no more than the whole budget";
  EXPECT_EQ(passes(guard, kRstStream, H2FloodGuard::kRefillMs * 3 / 2), 500);
}

TEST(H2Flood, DataEarnsPingsAndWindowUpdates) {
  H2FloodGuard guard({}, 0);
  EXPECT_EQ(passes(guard, kPing), 1000);
  EXPECT_EQ(passes(guard, kWindowUpdate), 2000);
  EXPECT_TRUE(guard.allow_frame(kData, 0, 100, 0));
  EXPECT_EQ(passes(guard, kPing), 1);
  EXPECT_EQ(passes(guard, kWindowUpdate), 4);
  EXPECT_FALSE(guard.allow_frame(kData, 0, 0, 0) && passes(guard, kPing) != 0) << "empty data earns nothing";
}

TEST(H2Flood, WhatIsNoFlood) {
  H2FloodGuard guard({}, 0);
  EXPECT_EQ(passes(guard, kHeaders), 100'000);
  for (int i = 0; i < 100'000; ++i) {
    ASSERT_TRUE(guard.allow_frame(kSettings, 1, 0, 0)) << "an acknowledgement";
    ASSERT_TRUE(guard.allow_frame(kPing, 1, 8, 0)) << "an acknowledgement";
    ASSERT_TRUE(guard.allow_frame(kData, 1, 0, 0)) << "the end of a stream";
  }
}

TEST(H2Flood, ContinuationsAreCountedPerList) {
  H2FloodGuard guard({}, 0);
  for (int list = 0; list < 100; ++list) {
    ASSERT_TRUE(guard.allow_frame(kHeaders, 0, 4, 0));
    for (int i = 0; i < 16; ++i) ASSERT_TRUE(guard.allow_frame(kContinuation, 0, 4, 0));
  }
  EXPECT_FALSE(guard.allow_frame(kContinuation, 0, 4, 0));
}

TEST(H2Flood, ZeroIsNoLimit) {
  H2FloodLimits limits;
  limits.max_resets = limits.max_continuations = 0;
  H2FloodGuard guard(limits, 0);
  EXPECT_EQ(passes(guard, kRstStream), 100'000);
  EXPECT_EQ(passes(guard, kContinuation), 100'000);
}

}  // namespace
}  // namespace cardea::conn
