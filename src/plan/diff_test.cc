// SPDX-License-Identifier: Apache-2.0
#include "plan/diff.h"

#include <gtest/gtest.h>

#include "plan/json.h"
#include "plan/sample_plan.h"

namespace cardea::plan {
namespace {

const ListenerId kHttp{false, {"shop", "web"}, "http"};
const ListenerId kHttps{true, {"shop", "extra"}, "https"};

TEST(PlanDiff, EqualPlansDoNotDiffer) {
  const Difference difference = diff(*sample_plan(), *sample_plan());
  EXPECT_TRUE(difference.empty());
  EXPECT_TRUE(difference.listeners_changed.empty());
}

TEST(PlanDiff, TellsTheThreePartsApart) {
  const auto plan = sample_plan();
  const Difference routing = diff(*plan, *sample_plan({.cart_path = "/basket"}));
  EXPECT_TRUE(routing.routing && !routing.endpoints && !routing.secrets);
  EXPECT_EQ(routing.listeners_changed, (std::vector{kHttp, kHttps}));
  EXPECT_TRUE(routing.listeners_added.empty() && routing.listeners_removed.empty());

  const Difference endpoints = diff(*plan, *sample_plan({.cart_address = "127.0.0.2"}));
  EXPECT_TRUE(!endpoints.routing && endpoints.endpoints && !endpoints.secrets);
  EXPECT_EQ(endpoints.backends, std::vector<std::string>{"shop/cart:80"});

  const Difference secrets = diff(*plan, *sample_plan({.key = "OTHER"}));
  EXPECT_TRUE(!secrets.routing && !secrets.endpoints && secrets.secrets);
  EXPECT_EQ(secrets.certificates, std::vector<std::string>{"shop/certificate"});
}

TEST(PlanDiff, NamesListenersThatComeAndGo) {
  const auto plan = sample_plan();
  Plan fewer = *plan;
  Routing routing = *plan->routing;
  routing.listeners.pop_back();
  fewer.routing = seal(routing);
  EXPECT_EQ(diff(*plan, fewer).listeners_removed, std::vector{kHttps});
  EXPECT_TRUE(diff(*plan, fewer).listeners_changed.empty());
  EXPECT_EQ(diff(fewer, *plan).listeners_added, std::vector{kHttps});
}

TEST(PlanDiff, FromAndToNothing) {
  const auto plan = sample_plan();
  const Difference first = diff(Plan{}, *plan);
  EXPECT_TRUE(first.routing && first.endpoints && first.secrets);
  EXPECT_EQ(first.listeners_added, (std::vector{kHttp, kHttps}));
  EXPECT_EQ(first.backends, std::vector<std::string>{"shop/cart:80"});
  const Difference last = diff(*plan, *seal(Plan{}));
  EXPECT_EQ(last.listeners_removed, (std::vector{kHttp, kHttps}));
  EXPECT_EQ(last.certificates, std::vector<std::string>{"shop/certificate"});
}

TEST(PlanShare, EqualPartsBecomeOne) {
  const auto previous = sample_plan();
  const auto shared = share(*previous, sample_plan());
  EXPECT_EQ(shared->routing, previous->routing);
  EXPECT_EQ(shared->endpoints, previous->endpoints);
  EXPECT_EQ(shared->secrets, previous->secrets);
}

TEST(PlanShare, WhatIsUnchangedInsideAChangeStaysTheSame) {
  const auto previous = share(Plan{}, sample_plan());
  const auto next = sample_plan({.cart_path = "/basket"});
  const auto shared = share(*previous, next);
  EXPECT_TRUE(diff(*next, *shared).empty());
  EXPECT_EQ(to_value(*shared), to_value(*next));
  EXPECT_NE(shared->routing, previous->routing);
  EXPECT_EQ(shared->routing->backends[0], previous->routing->backends[0]);
  const auto& host = shared->routing->listeners[0]->virtual_hosts[0];
  const auto& old_host = previous->routing->listeners[0]->virtual_hosts[0];
  EXPECT_NE(host, old_host);
  EXPECT_EQ(host->matches[0].rule, old_host->matches[0].rule);
  EXPECT_EQ(host, shared->routing->listeners[1]->virtual_hosts[0]);
  EXPECT_EQ(shared->endpoints, previous->endpoints);
}

TEST(PlanShare, ANewListenerTakesOldVirtualHosts) {
  const auto previous = share(Plan{}, sample_plan());
  Plan next = *sample_plan();
  Routing routing = *next.routing;
  Listener changed = *routing.listeners[0];
  changed.bind_port = 9999;
  routing.listeners[0] = seal(changed);
  next.routing = seal(routing);
  const auto shared = share(*previous, seal(next));
  EXPECT_NE(shared->routing->listeners[0], previous->routing->listeners[0]);
  EXPECT_EQ(shared->routing->listeners[0]->virtual_hosts[0], previous->routing->listeners[0]->virtual_hosts[0]);
  EXPECT_EQ(shared->routing->listeners[1], previous->routing->listeners[1]);
}

TEST(PlanShare, LeavesTheGivenPlansAlone) {
  const auto previous = sample_plan();
  const auto next = sample_plan({.cart_path = "/basket"});
  const auto host = next->routing->listeners[0]->virtual_hosts[0];
  share(*previous, next);
  EXPECT_EQ(next->routing->listeners[0]->virtual_hosts[0], host);
  EXPECT_EQ(host->matches[0].path.value, "/basket");
}

TEST(PlanShare, PartsThatWereNeverSealedAreNotTakenForEqual) {
  Listener one;
  one.name = "one";
  Listener two;
  two.name = "two";
  Routing routing;
  routing.listeners = {std::make_shared<const Listener>(one), std::make_shared<const Listener>(two)};
  Plan plan;
  plan.routing = std::make_shared<const Routing>(routing);
  const auto shared = share(plan, std::make_shared<const Plan>(plan));
  EXPECT_EQ(shared->routing->listeners[1]->name, "two");
}

}  // namespace
}  // namespace cardea::plan
