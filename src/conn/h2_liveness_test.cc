// SPDX-License-Identifier: Apache-2.0
#include "conn/h2_liveness.h"

#include <gtest/gtest.h>

namespace cardea::conn {
namespace {

using Verdict = H2Liveness::Verdict;
using async::kNever;

const H2LivenessLimits kLimits{.interval_ms = 10'000, .timeout_ms = 5'000};

TEST(H2Liveness, NobodyIsAskedWhileNothingWaits) {
  H2Liveness peer(kLimits);
  EXPECT_EQ(peer.deadline(false), kNever);
  peer.heard(0, true);
  EXPECT_EQ(peer.check(1'000'000, false), Verdict::Fine);
  EXPECT_EQ(peer.deadline(false), kNever);
}

TEST(H2Liveness, SilenceIsAskedAboutAndThenItsEnd) {
  H2Liveness peer(kLimits);
  peer.asked(100);
  EXPECT_EQ(peer.deadline(true), 10'100u);
  EXPECT_EQ(peer.check(10'099, true), Verdict::Fine);
  EXPECT_EQ(peer.check(10'100, true), Verdict::Ask);
  EXPECT_EQ(peer.deadline(true), 15'100u);
  EXPECT_EQ(peer.check(15'099, true), Verdict::Fine);
  EXPECT_EQ(peer.check(15'100, true), Verdict::Gone);
}

TEST(H2Liveness, WhateverComesIsASignOfLife) {
  H2Liveness peer(kLimits);
  peer.asked(0);
  EXPECT_EQ(peer.check(10'000, true), Verdict::Ask);
  peer.heard(14'000, false);
  EXPECT_EQ(peer.check(15'000, true), Verdict::Fine);
}

TEST(H2Liveness, ARequestThatComesLaterDoesNotPutItOff) {
  H2Liveness peer(kLimits);
  peer.asked(0);
  peer.asked(9'000);
  EXPECT_EQ(peer.check(10'000, true), Verdict::Ask);
}

// What servers of gRPC count: PING that comes less than five minutes after another, while they sent nothing. Three are too many.
TEST(H2Liveness, AnIdleStreamIsNoReasonToAskOften) {
  H2Liveness peer(kLimits);
  peer.asked(0);
  std::uint64_t last = kNever;
  int strikes = 0, asked = 0;
  for (std::uint64_t now = 0; now < 24u * 3600 * 1000; now += 1000) {
    if (now % 30'000 == 0) peer.asked(now);  // requests that nobody answers
    if (peer.check(now, true) != Verdict::Ask) continue;
    ++asked;
    if (last != kNever && now - last < 300'000) ++strikes;
    last = now;
    peer.acknowledged();
    peer.heard(now, false);
  }
  EXPECT_LE(strikes, 1);
  EXPECT_GT(asked, 200) << "it is still asked";
}

TEST(H2Liveness, AnotherRequestIsAReasonToAskSooner) {
  H2Liveness peer(kLimits);
  peer.asked(0);
  EXPECT_EQ(peer.check(10'000, true), Verdict::Ask);
  peer.acknowledged();
  peer.heard(10'001, false);
  EXPECT_EQ(peer.check(100'000, true), Verdict::Fine) << "the same silence";
  peer.asked(100'000);
  EXPECT_EQ(peer.check(110'000, true), Verdict::Ask);
}

TEST(H2Liveness, ZeroIsNever) {
  const H2LivenessLimits never{.interval_ms = 0};
  H2Liveness peer(never);
  peer.asked(0);
  EXPECT_EQ(peer.check(1'000'000'000, true), Verdict::Fine);
  EXPECT_EQ(peer.deadline(true), kNever);
}

}  // namespace
}  // namespace cardea::conn
