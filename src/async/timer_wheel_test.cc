// SPDX-License-Identifier: Apache-2.0
#include "async/timer_wheel.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>
#include <vector>

namespace cardea::async {
namespace {

TEST(TimerWheel, FiresNothingEarlyAndEverythingOnTime) {
  constexpr std::uint64_t kStart = 123'456'789;
  TimerWheel wheel(kStart);
  std::mt19937_64 random(7);
  std::vector<std::unique_ptr<TimerNode>> nodes;
  std::multimap<std::uint64_t, TimerNode*> expected;
  for (int i = 0; i < 3000; ++i) {
    auto node = std::make_unique<TimerNode>();
    const std::uint64_t expiry = kStart + 1 + random() % (i % 3 == 0 ? 50 : i % 3 == 1 ? 5'000 : 1'000'000);
    wheel.set(*node, expiry);
    expected.emplace(expiry, node.get());
    nodes.push_back(std::move(node));
  }
  std::uint64_t now = kStart;
  std::size_t fired = 0;
  while (fired < nodes.size()) {
    const std::uint64_t wait = wheel.until_next();
    ASSERT_NE(wait, ~std::uint64_t{0});
    ASSERT_LE(now + wait, expected.begin()->first) << "would sleep past a timer";
    now += std::max<std::uint64_t>(1, std::min<std::uint64_t>(wait, 1 + random() % 3000));
    wheel.advance(now, [&](TimerNode& node) {
      EXPECT_LE(node.expiry, now);
      for (auto it = expected.find(node.expiry); it != expected.end(); ++it) {
        if (it->second == &node) {
          expected.erase(it);
          break;
        }
      }
      ++fired;
    });
    if (!expected.empty()) ASSERT_GT(expected.begin()->first, now) << "a due timer did not fire";
  }
  EXPECT_EQ(wheel.until_next() == ~std::uint64_t{0} || wheel.until_next() > 0, true);
}

TEST(TimerWheel, ACancelledTimerDoesNotFire) {
  TimerWheel wheel(0);
  TimerNode kept, cancelled;
  wheel.set(kept, 100);
  wheel.set(cancelled, 100);
  wheel.cancel(cancelled);
  std::vector<TimerNode*> fired;
  wheel.advance(1000, [&](TimerNode& node) { fired.push_back(&node); });
  EXPECT_EQ(fired, std::vector<TimerNode*>{&kept});
}

TEST(TimerWheel, ATimerMaySetItselfAgainWhileFiring) {
  TimerWheel wheel(0);
  TimerNode node;
  wheel.set(node, 10);
  int fired = 0;
  wheel.advance(10, [&](TimerNode& again) {
    ++fired;
    wheel.set(again, 20);
  });
  EXPECT_EQ(fired, 1);
  wheel.advance(20, [&](TimerNode&) { ++fired; });
  EXPECT_EQ(fired, 2);
}

}  // namespace
}  // namespace cardea::async
