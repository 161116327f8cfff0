// SPDX-License-Identifier: Apache-2.0
#include "cluster/proxies.h"

#include <gtest/gtest.h>

#include "plan/hash.h"

namespace cardea::cluster {
namespace {

using plan::wire::Report;
using std::chrono::seconds;

const plan::ObjectName kWeb{"shop", "web"};
const plan::ObjectName kOther{"shop", "web-2"};
const Proxies::Time kNow{};

plan::Ref<plan::Plan> plan_of(std::int64_t generation, const plan::ObjectName& gateway = kWeb) {
  return plan::seal(plan::Plan{gateway, generation, nullptr, nullptr, nullptr, nullptr});
}

Report serving(const plan::Ref<plan::Plan>& plan) {
  Report report;
  report.plan = plan::wire::id_of(*plan);
  report.ready = true;
  return report;
}

translate::GatewayObserved of_web(const Proxies& proxies) { return proxies.observed().gateways.at(kWeb); }

TEST(Proxies, NothingIsServedBeforeAProxyIsReady) {
  Proxies proxies;
  EXPECT_FALSE(proxies.published());
  const auto plan = plan_of(1);
  proxies.publish({plan});
  EXPECT_TRUE(proxies.published());
  EXPECT_EQ(of_web(proxies).served, nullptr);
  proxies.connected(1, kWeb, "a", "1");
  proxies.reported(1, {});
  EXPECT_EQ(of_web(proxies).served, nullptr);
  EXPECT_TRUE(of_web(proxies).laggards.empty());
  proxies.reported(1, serving(plan));
  EXPECT_EQ(of_web(proxies).served, plan);
  EXPECT_EQ(of_web(proxies).ready_proxies, 1);
}

TEST(Proxies, TheSlowestReadyProxyDecides) {
  Proxies proxies;
  const auto one = plan_of(1), two = plan_of(2), three = plan_of(3);
  proxies.publish({one});
  proxies.publish({two});
  proxies.publish({three});
  proxies.connected(1, kWeb, "a", "1");
  proxies.connected(2, kWeb, "b", "1");
  proxies.connected(3, kWeb, "c", "1");
  proxies.reported(1, serving(three));
  proxies.reported(2, serving(one));
  proxies.reported(3, serving(two));
  EXPECT_EQ(of_web(proxies).served, one);
  EXPECT_EQ(of_web(proxies).laggards, (std::vector<std::string>{"b", "c"}));
  proxies.reported(2, serving(three));
  EXPECT_EQ(of_web(proxies).served, two);
  Report leaving = serving(two);
  leaving.ready = false;
  proxies.reported(3, leaving);
  EXPECT_EQ(of_web(proxies).served, three);
  EXPECT_TRUE(of_web(proxies).laggards.empty());
}

TEST(Proxies, OneReadyProxyThatServesNobodyKnowsWhatHoldsAllBack) {
  Proxies proxies;
  const auto plan = plan_of(1);
  proxies.publish({plan});
  proxies.connected(1, kWeb, "a", "1");
  proxies.connected(2, kWeb, "b", "1");
  proxies.reported(1, serving(plan));
  proxies.reported(2, serving(plan_of(77)));
  EXPECT_EQ(of_web(proxies).served, nullptr);
  EXPECT_EQ(of_web(proxies).laggards, std::vector<std::string>{"b"});
}

TEST(Proxies, AnotherControllerMayBeFaster) {
  Proxies proxies;
  const auto one = plan_of(1), two = plan_of(2);
  proxies.publish({one});
  proxies.connected(1, kWeb, "a", "1");
  proxies.reported(1, serving(one));
  proxies.reported(1, serving(two));
  EXPECT_EQ(of_web(proxies).served, one);
  proxies.publish({two});
  EXPECT_EQ(of_web(proxies).served, two);
  // And back again.
  proxies.publish({one});
  EXPECT_EQ(of_web(proxies).served, two);
  EXPECT_EQ(of_web(proxies).laggards, std::vector<std::string>{"a"});
  proxies.reported(1, serving(one));
  EXPECT_EQ(of_web(proxies).served, one);
}

TEST(Proxies, WhoIsGoneIsCountedForAWhile) {
  Proxies proxies;
  const auto plan = plan_of(1);
  proxies.publish({plan});
  proxies.connected(1, kWeb, "a", "1");
  proxies.reported(1, serving(plan));
  proxies.disconnected(1, kNow);
  EXPECT_EQ(proxies.forget_gone(kNow), kNow + Proxies::kGrace);
  EXPECT_EQ(of_web(proxies).served, plan);
  // Comes back in time.
  proxies.connected(2, kWeb, "a", "1");
  EXPECT_EQ(of_web(proxies).served, plan);
  EXPECT_EQ(proxies.forget_gone(kNow + seconds(100)), std::nullopt);
  EXPECT_EQ(proxies.size(), 1u);
  // And does not.
  proxies.disconnected(2, kNow);
  EXPECT_EQ(proxies.forget_gone(kNow + Proxies::kGrace), std::nullopt);
  EXPECT_EQ(proxies.size(), 0u);
  EXPECT_EQ(of_web(proxies).served, nullptr);
}

TEST(Proxies, WhoSaidThatItGoesIsNotWaitedFor) {
  Proxies proxies;
  proxies.publish({plan_of(1)});
  proxies.connected(1, kWeb, "a", "1");
  Report report = serving(plan_of(1));
  report.ready = false;
  proxies.reported(1, report);
  proxies.disconnected(1, kNow);
  EXPECT_EQ(proxies.forget_gone(kNow), std::nullopt);
  EXPECT_EQ(proxies.size(), 0u);
}

TEST(Proxies, SeveralStreamsOfOneProxy) {
  Proxies proxies;
  const auto plan = plan_of(1);
  proxies.publish({plan});
  proxies.connected(1, kWeb, "a", "1");
  proxies.connected(2, kWeb, "a", "1");
  proxies.reported(1, serving(plan));
  EXPECT_EQ(of_web(proxies).served, plan);
  EXPECT_EQ(of_web(proxies).ready_proxies, 1);
  proxies.disconnected(1, kNow);
  EXPECT_EQ(proxies.forget_gone(kNow + seconds(100)), std::nullopt);
  EXPECT_EQ(of_web(proxies).served, plan);
  proxies.disconnected(2, kNow);
  EXPECT_EQ(proxies.forget_gone(kNow), kNow + Proxies::kGrace);
}

TEST(Proxies, ANewRunOfTheSameProxyReplacesTheOld) {
  Proxies proxies;
  const auto plan = plan_of(1);
  proxies.publish({plan});
  proxies.connected(1, kWeb, "a", "1");
  proxies.reported(1, serving(plan));
  proxies.connected(2, kWeb, "a", "2");
  proxies.reported(1, serving(plan));  // late
  EXPECT_EQ(of_web(proxies).served, nullptr);
  proxies.reported(2, serving(plan));
  proxies.disconnected(1, kNow);
  EXPECT_EQ(proxies.forget_gone(kNow + seconds(100)), std::nullopt);
  EXPECT_EQ(of_web(proxies).served, plan);
}

TEST(Proxies, GatewaysAreApart) {
  Proxies proxies;
  const auto web = plan_of(1), other = plan_of(5, kOther);
  proxies.publish({web, other});
  proxies.connected(1, kWeb, "a", "1");
  proxies.connected(2, kOther, "a", "1");
  Report report = serving(web);
  report.refusals = {{"listener x", "no"}};
  report.bind_failures = {{"0.0.0.0", 80, "Permission denied"}};
  proxies.reported(1, report);
  proxies.reported(2, serving(other));
  const auto observed = proxies.observed();
  EXPECT_EQ(observed.gateways.at(kWeb).refusals, (std::vector<translate::Refusal>{{"listener x", "no"}}));
  EXPECT_EQ(observed.gateways.at(kWeb).bind_failures, (std::vector<translate::BindFailure>{{"0.0.0.0", 80, "Permission denied", false}}));
  EXPECT_TRUE(observed.gateways.at(kOther).refusals.empty());
  EXPECT_EQ(observed.gateways.at(kOther).served, other);
  proxies.publish({web});
  EXPECT_FALSE(proxies.observed().gateways.contains(kOther));
  EXPECT_EQ(proxies.newest(kOther)->gateway, kOther);
  EXPECT_TRUE(proxies.newest(kOther)->routing->listeners.empty());
  EXPECT_EQ(proxies.newest(kWeb), web);
}

TEST(Proxies, KeepsABoundedNumberOfPlans) {
  Proxies proxies;
  for (int i = 1; i <= 1000; ++i) proxies.publish({plan_of(i)});
  proxies.connected(1, kWeb, "a", "1");
  proxies.reported(1, serving(plan_of(1000 - 63)));
  EXPECT_EQ(of_web(proxies).served->generation, 1000 - 63);
  proxies.connected(2, kWeb, "b", "1");
  proxies.reported(2, serving(plan_of(1000 - 64)));
  EXPECT_EQ(of_web(proxies).served, nullptr);
}

}  // namespace
}  // namespace cardea::cluster
