// SPDX-License-Identifier: Apache-2.0
#include "app/report.h"

#include <gtest/gtest.h>

#include "plan/hash.h"

namespace cardea::app {
namespace {

plan::RouteMatch match(std::string route) {
  plan::Rule rule;
  rule.route = {"shop", std::move(route)};
  plan::RouteMatch match;
  match.rule = plan::seal(std::move(rule));
  return match;
}

plan::Ref<plan::Plan> plan_with(std::vector<std::string> hosts) {
  plan::Listener listener;
  listener.owner = {"shop", "http"};
  listener.name = "web";
  listener.port = 80;
  listener.bind_port = 8080;
  for (std::string& host : hosts) {
    plan::VirtualHost virtual_host;
    virtual_host.hostname = std::move(host);
    virtual_host.matches = {match("cart"), match("cart"), match("frontend")};
    listener.virtual_hosts.push_back(plan::seal(std::move(virtual_host)));
  }
  plan::Routing routing;
  routing.listeners = {plan::seal(std::move(listener))};
  plan::Plan plan;
  plan.gateway = {"shop", "http"};
  plan.routing = plan::seal(std::move(routing));
  return plan::seal(std::move(plan));
}

TEST(DescribeListeners, SaysWhereAndForWhom) {
  const auto lines = describe_listeners(*plan_with({"shop.test", ""}), {}, {"127.0.0.1", "::1"});
  EXPECT_EQ(lines, std::vector<std::string>{"Gateway shop/http, listener web: HTTP port 80 at 127.0.0.1:8080, [::1]:8080; "
                                            "2 routes for shop.test, *"});
}

TEST(DescribeListeners, LeavesOutWhatCouldNotBeBound) {
  translate::Observed observed;
  observed.bind_failures = {{"127.0.0.1", 8080, "Address already in use", false}};
  EXPECT_NE(describe_listeners(*plan_with({}), observed, {"127.0.0.1", "::1"})[0].find("at [::1]:8080; no routes"),
            std::string::npos);
  EXPECT_NE(describe_listeners(*plan_with({}), observed, {"127.0.0.1"})[0].find("at nowhere"), std::string::npos);
}

TEST(DescribeListeners, ManyHostsAreCounted) {
  const auto lines = describe_listeners(*plan_with({"a", "b", "c", "d", "e", "f", "g"}), {}, {"127.0.0.1"});
  EXPECT_TRUE(lines[0].ends_with("for a, b, c, d, e, 2 more")) << lines[0];
}

api::Condition condition(std::string type, api::ConditionStatus status) {
  return {std::move(type), status, "Reason", "why", 1, {}};
}

TEST(Complaints, NameWhatIsNotAsItShouldBe) {
  api::GatewayStatus status;
  status.conditions = {condition("Accepted", api::ConditionStatus::True),
                       condition("Programmed", api::ConditionStatus::False)};
  api::ListenerStatus listener;
  listener.name = "web";
  listener.conditions = {condition("Conflicted", api::ConditionStatus::True),
                         condition("ResolvedRefs", api::ConditionStatus::True)};
  status.listeners = {listener};
  const auto lines = complaints({{"Gateway", {"shop", "http"}}, 1, status});
  EXPECT_EQ(lines, (std::vector<std::string>{"Gateway shop/http: Programmed is False, Reason: why",
                                             "Gateway shop/http (listener web): Conflicted is True, Reason: why"}));
}

TEST(Complaints, NameTheParent) {
  api::RouteParentStatus parent;
  parent.parent_ref.name = "http";
  parent.parent_ref.section_name = "web";
  parent.conditions = {condition("ResolvedRefs", api::ConditionStatus::False)};
  const auto lines = complaints({{"HTTPRoute", {"shop", "cart"}}, 1, api::RouteStatus{{parent}}});
  EXPECT_EQ(lines,
            std::vector<std::string>{"HTTPRoute shop/cart (parent http/web): ResolvedRefs is False, Reason: why"});
}

TEST(Complaints, ThereAreNoneWhenAllIsWell) {
  api::GatewayClassStatus status;
  status.conditions = {condition("Accepted", api::ConditionStatus::True),
                       condition("PartiallyInvalid", api::ConditionStatus::False)};
  EXPECT_TRUE(complaints({{"GatewayClass", {"", "ours"}}, 1, status}).empty());
}

TEST(DescribeChange, CountsWhatChanged) {
  control::Outcome::GatewayChange change{.gateway = {"shop", "http"}, .added = false, .removed = false, .difference = {}};
  change.difference.routing = true;
  change.difference.listeners_changed = {{false, {"shop", "http"}, "a"}, {false, {"shop", "http"}, "b"}};
  change.difference.listeners_added = {{false, {"shop", "http"}, "c"}};
  change.difference.backends = {"shop/cart:80"};
  EXPECT_EQ(describe_change(change),
            "Gateway shop/http: 1 listener added, 2 listeners changed, 1 backend with other endpoints");
  change.added = true;
  EXPECT_EQ(describe_change(change), "Gateway shop/http: new");
}

}  // namespace
}  // namespace cardea::app
