// SPDX-License-Identifier: Apache-2.0
#include "conn/h2_peer_streams.h"

#include <gtest/gtest.h>

#include <limits>

namespace cardea::conn {
namespace {

constexpr auto kRemembered = static_cast<std::int32_t>(H2PeerStreams::kRemembered);

TEST(H2PeerStreams, NumbersOnlyRise) {
  H2PeerStreams streams;
  EXPECT_TRUE(streams.begin(1));
  EXPECT_TRUE(streams.begin(5));
  EXPECT_FALSE(streams.begin(5));
  EXPECT_FALSE(streams.begin(3));
  EXPECT_FALSE(streams.begin(6)) << "not a client's";
  EXPECT_TRUE(streams.is_past(3));
  EXPECT_FALSE(streams.is_past(4));
  EXPECT_FALSE(streams.is_past(7));
}

TEST(H2PeerStreams, KnowWhetherANumberWasPassedOver) {
  H2PeerStreams streams;
  streams.begin(1);
  streams.begin(3);
  EXPECT_TRUE(streams.all_begun());
  streams.begin(7);
  EXPECT_FALSE(streams.all_begun());
}

TEST(H2PeerStreams, AreExactOfTheLastOnesAndForgiveOlderOnes) {
  H2PeerStreams streams;
  // Every third is reset, for a few rounds of the memory.
  for (std::int32_t i = 0; i < 3 * kRemembered; ++i) {
    streams.begin(2 * i + 1);
    if (i % 3 == 0) streams.reset(2 * i + 1);
    for (const std::int32_t back : {0, 1, 2, kRemembered - 1, kRemembered}) {
      if (back > i) continue;
      const bool expected = (i - back) % 3 == 0 || back >= kRemembered;
      ASSERT_EQ(streams.may_have_been_reset(2 * (i - back) + 1), expected) << i << " back " << back;
    }
  }
}

TEST(H2PeerStreams, ALeapLeavesNothingBehind) {
  for (const std::int32_t leap : {2, 4, 2 * kRemembered - 2, 2 * kRemembered, std::numeric_limits<std::int32_t>::max() - 1}) {
    H2PeerStreams streams;
    streams.begin(1);
    streams.reset(1);
    const std::int32_t id = 1 + leap;
    streams.begin(id);
    EXPECT_TRUE(streams.may_have_been_reset(1)) << leap;
    // All that was passed over was not reset, as far back as it is known.
    for (std::int32_t passed = id; passed > 1 && passed > id - 2 * kRemembered; passed -= 2) ASSERT_FALSE(streams.may_have_been_reset(passed)) << leap << ": " << passed;
  }
}

TEST(H2PeerStreams, WhatIsTooOldToRememberDisturbsNothing) {
  H2PeerStreams streams;
  streams.begin(1);
  streams.begin(1 + 2 * kRemembered);
  streams.reset(1);
  EXPECT_FALSE(streams.may_have_been_reset(1 + 2 * kRemembered));
}

}  // namespace
}  // namespace cardea::conn
