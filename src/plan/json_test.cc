// SPDX-License-Identifier: Apache-2.0
#include "plan/json.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "plan/diff.h"
#include "plan/sample_plan.h"

namespace cardea::plan {
namespace {

Ref<Plan> read(std::string_view text) {
  const auto value = base::parse_json(text);
  EXPECT_TRUE(value) << text;
  auto plan = from_value(*value);
  EXPECT_TRUE(plan) << plan.error().message;
  return plan ? *plan : seal(Plan{});
}

std::string refused(std::string_view text) {
  const auto value = base::parse_json(text);
  EXPECT_TRUE(value) << text;
  const auto plan = from_value(*value);
  EXPECT_FALSE(plan) << text;
  return plan ? "" : plan.error().message;
}

constexpr std::string_view kSample = R"({
  "gateway": "shop/web",
  "generation": 7,
  "routing": {
    "listeners": [
      {
        "name": "http",
        "owner": "shop/web",
        "port": 80,
        "bindPort": 8080,
        "protocol": "HTTP",
        "virtualHosts": [
          {
            "hostname": "*.shop.localhost",
            "matches": [
              {
                "path": {
                  "type": "Exact",
                  "value": "/cart"
                },
                "method": "GET",
                "headers": [
                  {
                    "name": "x-version",
                    "value": "2"
                  },
                  {
                    "type": "RegularExpression",
                    "name": "x-user",
                    "value": "a.*"
                  }
                ],
                "queryParams": [
                  {
                    "name": "q",
                    "value": ""
                  }
                ],
                "rule": "shop/cart/0"
              },
              {
                "rule": "shop/cart/0"
              }
            ]
          }
        ]
      },
)";

TEST(PlanJson, IsForPeople) {
  const std::string text = base::to_pretty_json(to_value(*sample_plan()));
  EXPECT_TRUE(text.starts_with(kSample)) << text;
}

TEST(PlanJson, ReadsBackWhatItWrites) {
  const auto plan = sample_plan();
  const base::Value value = to_value(*plan);
  const auto again = read(base::to_json(value));
  EXPECT_EQ(to_value(*again), value) << base::to_pretty_json(to_value(*again));
  EXPECT_TRUE(diff(*plan, *again).empty());
  EXPECT_EQ(again->gateway, plan->gateway);
  EXPECT_EQ(again->generation, 7);
}

TEST(PlanJson, ReadingRestoresSharing) {
  const auto plan = read(base::to_json(to_value(*sample_plan())));
  const auto& listeners = plan->routing->listeners;
  EXPECT_EQ(listeners[0]->virtual_hosts[0], listeners[1]->virtual_hosts[0]);
  const auto& matches = listeners[0]->virtual_hosts[0]->matches;
  EXPECT_EQ(matches[0].rule, matches[1].rule);
  EXPECT_EQ(matches[0].rule->backends[0].backend, plan->routing->backends[0]);
  EXPECT_EQ(matches[0].rule->backends[1].backend, nullptr);
  EXPECT_EQ(std::get<RequestMirror>(matches[0].rule->filters[6]).backend, plan->routing->backends[0]);
  EXPECT_EQ(std::get<RequestMirror>(matches[0].rule->filters[7]).backend, nullptr);
}

TEST(PlanJson, RedactsPrivateKeys) {
  const auto plan = sample_plan({.key = "TOP SECRET"});
  EXPECT_NE(base::to_json(to_value(*plan)).find("TOP SECRET"), std::string::npos);
  const std::string redacted = base::to_json(to_value(*plan, Redact::Yes));
  EXPECT_EQ(redacted.find("TOP SECRET"), std::string::npos);
  EXPECT_NE(redacted.find(R"("key":"redacted")"), std::string::npos);
  EXPECT_EQ(base::to_json(to_value(PlanSet{plan}, Redact::Yes)), "[" + redacted + "]");
}

TEST(PlanJson, RulesOfOneNameButOtherContentKeepApart) {
  const auto backend = seal(Backend{"shop/cart:80", BackendProtocol::Http1, {}});
  Rule one;
  one.route = {"shop", "cart"};
  Rule two = one;
  two.filters = {UnresolvedFilter{"x"}};
  Rule grpc = one;
  grpc.kind = RouteKind::GRPCRoute;
  VirtualHost host;
  for (const Rule& rule : {one, two, grpc}) {
    RouteMatch match;
    match.rule = seal(rule);
    host.matches.push_back(match);
  }
  Listener listener;
  listener.virtual_hosts = {seal(host)};
  Routing routing;
  routing.listeners = {seal(listener)};
  const auto plan = seal(Plan{{"shop", "web"}, 0, seal(routing), nullptr, nullptr});
  const auto again = read(base::to_json(to_value(*plan)));
  EXPECT_TRUE(diff(*plan, *again).empty());
  EXPECT_NE(base::to_json(to_value(*plan)).find(R"("id":"shop/cart/0#2")"), std::string::npos);
  EXPECT_NE(base::to_json(to_value(*plan)).find(R"("id":"grpc:shop/cart/0")"), std::string::npos);
}

TEST(PlanJson, AnEmptyPlanIsShort) {
  const auto plan = seal(Plan{{"a", "b"}, 0, nullptr, nullptr, nullptr});
  EXPECT_EQ(base::to_json(to_value(*plan)), R"({"gateway":"a/b"})");
  const auto again = read(R"({"gateway":"a/b"})");
  ASSERT_TRUE(again->routing && again->endpoints && again->secrets);
  EXPECT_TRUE(diff(*plan, *again).empty());
}

TEST(PlanJson, RefusesWhatItDoesNotKnow) {
  EXPECT_EQ(refused("{}"), "line 1, column 1: the plan needs a member \"gateway\"");
  EXPECT_EQ(refused(R"({"gateway":"a"})"), "line 1, column 12: gateway must be NAMESPACE/NAME");
  EXPECT_EQ(refused("{\"gateway\":\"a/b\",\n\"x\":1}"), "line 2, column 5: x is not known");
  EXPECT_EQ(refused(R"({"gateway":"a/b","endpoints":[{"backend":"c","endpoints":[{"address":"d","port":65536}]}]})"),
            "line 1, column 81: endpoints[0].endpoints[0].port must be a whole number from 0 to 65535");
  EXPECT_EQ(
      refused(R"({"gateway":"a/b","routing":{"listeners":[{"name":"x","owner":"a/b","port":1,"protocol":"Q"}]}})"),
      "line 1, column 88: routing.listeners[0].protocol must be one of HTTP, HTTPS, TLS, TCP, UDP");
  EXPECT_NE(refused(R"({"gateway":"a/b","routing":{"rules":[{"id":"r","route":"a/r","backends":[{"backend":"c"}]}]}})")
                .find("names a backend that is not among routing.backends"),
            std::string::npos);
  EXPECT_NE(refused(R"({"gateway":"a/b","routing":{"listeners":[{"name":"x","owner":"a/b","port":1,"protocol":"HTTP",
                       "virtualHosts":[{"matches":[{"rule":"r"}]}]}]}})")
                .find("virtualHosts[0].matches[0] names a rule that is not among routing.rules"),
            std::string::npos);
  EXPECT_NE(refused(R"({"gateway":"a/b","routing":{"rules":[{"id":"r","route":"a/r","filters":[{"teapot":{}}]}]}})")
                .find("filters[0] names no filter that is known"),
            std::string::npos);
  const auto with_filter = [](const std::string& filter) {
    return R"({"gateway":"a/b","routing":{"rules":[{"id":"r","route":"a/r","filters":[)" + filter + "]}]}}";
  };
  EXPECT_NE(refused(with_filter(R"({"requestMirror":{"backend":"c"}})"))
                .find("filters[0].requestMirror names a backend that is not among routing.backends"),
            std::string::npos);
  EXPECT_NE(refused(with_filter(R"({"requestMirror":{"backend":"c","fault":"NotFound","denominator":0}})"))
                .find("filters[0].requestMirror has a denominator of 0"),
            std::string::npos);
  EXPECT_NE(refused(R"({"gateway":"a/b","routing":[]})").find("routing must be an object"), std::string::npos);
  EXPECT_NE(refused(R"({"gateway":"a/b","secrets":{}})").find("secrets must be a list"), std::string::npos);
}

}  // namespace
}  // namespace cardea::plan
