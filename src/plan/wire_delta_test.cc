// SPDX-License-Identifier: Apache-2.0
// Both sides of the stream's deltas: what Delta says, Assembly makes.
#include "plan/wire_delta.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "base/json.h"
#include "plan/diff.h"
#include "plan/hash.h"
#include "plan/json.h"
#include "plan/sample_plan.h"
#include "plan/wire_assembly.h"

namespace cardea::plan::wire {
namespace {

std::vector<std::string> lines_of(Delta delta) {
  std::vector<std::string> lines;
  while (auto line = delta.next_line()) lines.push_back(*std::move(line));
  return lines;
}

std::vector<std::string> lines_between(const Ref<Plan>& base, const Ref<Plan>& next) { return lines_of(Delta(base, {}, next)); }

base::Result<Assembly::Made> take(Assembly& assembly, const std::vector<std::string>& lines) {
  for (const std::string& line : lines) {
    const auto message = parse_from_controller(line);
    if (!message) return std::unexpected(message.error());
    if (const auto* part = std::get_if<PartMessage>(&*message)) {
      if (auto added = assembly.add(*part); !added) return std::unexpected(added.error());
    } else if (const auto* plan = std::get_if<PlanMessage>(&*message)) {
      return assembly.make(*plan);
    }
  }
  return base::fail("no plan among the lines");
}

Ref<Plan> taken(Assembly& assembly, const std::vector<std::string>& lines) {
  auto made = take(assembly, lines);
  EXPECT_TRUE(made) << made.error().message;
  if (!made) return seal(Plan{});
  EXPECT_TRUE(made->refusals.empty()) << made->refusals.front().part << ": " << made->refusals.front().reason;
  return made->plan;
}

void expect_equal(const Ref<Plan>& made, const Ref<Plan>& wanted) {
  EXPECT_EQ(id_of(*made), id_of(*wanted));
  EXPECT_EQ(made->gateway, wanted->gateway);
  EXPECT_EQ(base::to_json(to_value(*made)), base::to_json(to_value(*wanted)));
  // The hashes that were believed are those of the content.
  const auto again = from_value(to_value(*made));
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(id_of(**again), id_of(*wanted));
}

// A shop of many: host i has route i, and every backend one endpoint.
struct ShopOptions {
  int hosts = 50;
  int routes_per_host = 3;
  int changed_route = -1;  // its path is another
  int changed_backend = -1;  // its endpoint is another
  bool second_listener = false;
  int without_host = -1;
};
Ref<Plan> shop(const ShopOptions& options) {
  Routing routing;
  Endpoints endpoints;
  Listener listener;
  listener.owner = {"shop", "web"};
  listener.name = "http";
  listener.port = listener.bind_port = listener.advertised_port = 80;
  int number = 0;
  for (int h = 0; h < options.hosts; ++h) {
    VirtualHost host;
    host.hostname = fmt::format("h{:04}.localhost", h);
    for (int r = 0; r < options.routes_per_host; ++r, ++number) {
      Backend made;
      made.id = fmt::format("shop/b{:05}:80", number);
      const auto backend = seal(std::move(made));
      routing.backends.push_back(backend);
      endpoints.backends.push_back(seal(BackendEndpoints{
          backend->id, {{number == options.changed_backend ? "10.9.9.9" : "10.0.0.1", 8080}}, {}}));
      Rule rule;
      rule.route = {"shop", fmt::format("r{}", number)};
      rule.backends.push_back({1, BackendFault::None, backend->id, backend, {}});
      RouteMatch match;
      match.path = {PathMatchType::PathPrefix, number == options.changed_route ? "/changed" : fmt::format("/{}", r)};
      match.rule = seal(std::move(rule));
      host.matches.push_back(match);
    }
    if (h != options.without_host) listener.virtual_hosts.push_back(seal(std::move(host)));
  }
  routing.listeners = {seal(listener)};
  if (options.second_listener) {
    listener.name = "other";
    listener.port = listener.bind_port = listener.advertised_port = 81;
    routing.listeners.push_back(seal(listener));
  }
  return seal(Plan{{"shop", "web"}, 3, seal(std::move(routing)), seal(std::move(endpoints)), nullptr, nullptr});
}

TEST(WireDelta, AWholePlan) {
  Assembly assembly;
  const auto plan = sample_plan();
  expect_equal(taken(assembly, lines_between(nullptr, plan)), plan);
}

TEST(WireDelta, AnEmptyPlan) {
  Assembly assembly;
  const auto plan = seal(Plan{{"a", "b"}, 1, nullptr, nullptr, nullptr, nullptr});
  const auto lines = lines_between(nullptr, plan);
  EXPECT_LE(lines.size(), 2u);
  expect_equal(taken(assembly, lines), plan);
}

TEST(WireDelta, OneRouteCostsOneRouteAndSharesTheRest) {
  Assembly assembly;
  const auto first = shop({});
  const auto one = taken(assembly, lines_between(nullptr, first));
  const auto next = share(*first, shop({.changed_route = 70}));
  const auto lines = lines_between(first, next);
  // The rule is as it was, its match is not.
  ASSERT_EQ(lines.size(), 3u);
  std::size_t bytes = 0;
  for (const auto& line : lines) bytes += line.size();
  EXPECT_LT(bytes, 1500u);
  const auto two = taken(assembly, lines);
  expect_equal(two, next);
  EXPECT_EQ(one->endpoints, two->endpoints);
  EXPECT_EQ(one->routing->listeners[0]->virtual_hosts[0], two->routing->listeners[0]->virtual_hosts[0]);
  EXPECT_NE(one->routing->listeners[0]->virtual_hosts[23], two->routing->listeners[0]->virtual_hosts[23]);
  EXPECT_EQ(one->routing->listeners[0]->virtual_hosts[23]->matches[0].rule,
            two->routing->listeners[0]->virtual_hosts[23]->matches[0].rule);
}

TEST(WireDelta, OneEndpointCostsOneBackend) {
  Assembly assembly;
  const auto first = shop({});
  const auto one = taken(assembly, lines_between(nullptr, first));
  const auto next = shop({.changed_backend = 149});  // nothing shared by pointer
  const auto lines = lines_between(first, next);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_LT(lines[0].size() + lines[1].size(), 500u);
  const auto two = taken(assembly, lines);
  expect_equal(two, next);
  EXPECT_EQ(one->routing, two->routing);
}

TEST(WireDelta, AListenerMoreCostsItsNames) {
  Assembly assembly;
  const auto first = shop({});
  taken(assembly, lines_between(nullptr, first));
  const auto next = shop({.second_listener = true});
  const auto lines = lines_between(first, next);
  EXPECT_EQ(lines.size(), 2u);
  expect_equal(taken(assembly, lines), next);
}

TEST(WireDelta, AHostGoesAndComesBack) {
  Assembly assembly;
  const auto first = shop({});
  const auto without = shop({.without_host = 7});
  taken(assembly, lines_between(nullptr, first));
  expect_equal(taken(assembly, lines_between(first, without)), without);
  expect_equal(taken(assembly, lines_between(without, first)), first);
}

TEST(WireDelta, WhatIsHeldIsNotSentByAnotherController) {
  Assembly assembly;
  const auto first = shop({});
  taken(assembly, lines_between(nullptr, first));
  const auto holding = assembly.holding();
  const Hashes held(holding.begin(), holding.end());
  EXPECT_EQ(held, hashes_of(*first));
  // The same plan, and another one, from somebody who never sent us anything.
  const auto same = lines_of(Delta(nullptr, held, shop({})));
  EXPECT_EQ(same.size(), 1u);
  expect_equal(taken(assembly, same), first);
  const auto other = shop({.changed_route = 3, .changed_backend = 5});
  const auto lines = lines_of(Delta(nullptr, held, other));
  EXPECT_EQ(lines.size(), 4u);
  expect_equal(taken(assembly, lines), other);
}

TEST(WireDelta, AnyWalkBetweenPlansArrives) {
  std::minstd_rand random(7);
  const auto roll = [&](int below) { return static_cast<int>(random() % static_cast<unsigned>(below)) - 1; };
  Assembly assembly;
  Ref<Plan> before;
  for (int i = 0; i < 200; ++i) {
    ShopOptions options;
    options.hosts = 1 + roll(8) + 1;
    options.routes_per_host = 1 + roll(4) + 1;
    options.changed_route = roll(options.hosts * options.routes_per_host + 1);
    options.changed_backend = roll(options.hosts * options.routes_per_host + 1);
    options.second_listener = roll(2) == 0;
    options.without_host = roll(options.hosts + 1);
    auto next = shop(options);
    if (before && i % 2 == 0) next = share(*before, next);
    expect_equal(taken(assembly, lines_between(before, next)), next);
    if (HasFailure()) FAIL() << "step " << i;
    before = next;
  }
}

// --- what a proxy does not understand --------------------------------------------------------------------------------

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

struct Changed {
  Assembly assembly;
  base::Result<Assembly::Made> made = base::fail("");
  Ref<Plan> plan;
};
// The shop, with one text in one of its lines replaced.
void take_changed(Changed& changed, const Ref<Plan>& plan, const std::string& in, const std::string& from, const std::string& to) {
  auto lines = lines_between(nullptr, plan);
  bool found = false;
  for (auto& line : lines) {
    if (found || !line.contains(in)) continue;
    found = true;
    line = replaced(line, from, to);
  }
  EXPECT_TRUE(found) << in;
  changed.made = take(changed.assembly, lines);
  ASSERT_TRUE(changed.made) << changed.made.error().message;
  changed.plan = changed.made->plan;
  EXPECT_EQ(id_of(*changed.plan), id_of(*plan));
}

TEST(WireAssembly, ARuleThatIsNotUnderstoodAnswers500) {
  Changed changed;
  take_changed(changed, shop({.hosts = 2}), "\"route\":\"shop/r1\"", "\"index\":0", "\"index\":0,\"magic\":true");
  ASSERT_EQ(changed.made->refusals.size(), 1u);
  EXPECT_EQ(changed.made->refusals[0].part, "rule HTTPRoute shop/r1/0");
  EXPECT_EQ(changed.made->refusals[0].reason, "magic is not known");
  const auto& host = *changed.plan->routing->listeners[0]->virtual_hosts[0];
  ASSERT_EQ(host.matches.size(), 3u);
  EXPECT_TRUE(std::holds_alternative<UnresolvedFilter>(host.matches[1].rule->filters.at(0)));
  EXPECT_TRUE(host.matches[1].rule->backends.empty());
  EXPECT_TRUE(host.matches[0].rule->filters.empty());
  // It is not told as held, and once it is understood nothing is refused.
  const auto holding = changed.assembly.holding();
  const Hashes held(holding.begin(), holding.end());
  const auto again = shop({.hosts = 2});
  EXPECT_FALSE(held.contains(again->routing->listeners[0]->virtual_hosts[0]->matches[1].rule->hash));
  EXPECT_TRUE(held.contains(again->routing->listeners[0]->virtual_hosts[0]->matches[0].rule->hash));
}

// What was not understood from a newer controller is understood from one of our own version, though all else is held; and
// nobody takes the one for the other.
TEST(WireAssembly, WhatWasNotUnderstoodCanComeAgain) {
  struct Case {
    const char* in;
    const char* from;
    const char* to;
  };
  const Case cases[] = {
      {"\"part\":\"rule\"", "\"name\":\"only\"", "\"name\":\"only\",\"magic\":true"},
      {"\"part\":\"backend\"", "\"id\":\"shop/cart:80\"", "\"id\":\"shop/cart:80\",\"protocol\":\"H9\""},
      {"\"part\":\"certificate\"", "\"chain\"", "\"chains\":1,\"chain\""},
      {"\"part\":\"endpoints\"", "\"port\":9000", "\"port\":\"http\""},
      {"\"part\":\"listener\"", "\"protocol\":\"HTTP\"", "\"protocol\":\"QUIC\""},
      {"\"part\":\"virtualHost\"", "\"hostname\"", "\"mode\":1,\"hostname\""},
      {"\"part\":\"virtualHost\"", "\"type\":\"Exact\"", "\"type\":\"Moon\""},
      {"\"part\":\"settings\"", "limits.maxFields", "limits.maxMoons"},
  };
  const auto plan = sample_plan();
  for (const Case& one : cases) {
    SCOPED_TRACE(one.to);
    Changed changed;
    take_changed(changed, plan, one.in, one.from, one.to);
    ASSERT_EQ(changed.made->refusals.size(), 1u);
    const auto holding = changed.assembly.holding();
    Delta delta(nullptr, Hashes(holding.begin(), holding.end()), plan);
    std::vector<std::string> lines;
    while (auto line = delta.next_line()) lines.push_back(*std::move(line));
    EXPECT_LT(lines.size(), lines_between(nullptr, plan).size());
    const auto made = take(changed.assembly, lines);
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_TRUE(made->refusals.empty());
    EXPECT_EQ(to_value(*made->plan), to_value(*plan));
    // Parts of equal hashes are equal: whoever compiles plans relies on it.
    for (const auto& listener : changed.plan->routing->listeners) {
      for (const auto& now : made->plan->routing->listeners) {
        if (listener->hash != now->hash) continue;
        EXPECT_EQ(to_value(*seal(Plan{{}, 0, seal(Routing{{listener}, {}, {}, {}}), nullptr, nullptr, nullptr})),
                  to_value(*seal(Plan{{}, 0, seal(Routing{{now}, {}, {}, {}}), nullptr, nullptr, nullptr})));
      }
    }
  }
}

TEST(WireAssembly, AMatchThatIsNotUnderstoodIsLeftOutAlone) {
  Changed changed;
  const auto plan = shop({.hosts = 2});
  take_changed(changed, plan, "\"hostname\":\"h0000.localhost\"", "\"path\":{\"value\":\"/1\"}", "\"path\":{\"value\":\"/1\",\"type\":\"Moon\"}");
  ASSERT_EQ(changed.made->refusals.size(), 1u);
  EXPECT_EQ(changed.made->refusals[0].part, "rule HTTPRoute shop/r1/0");
  EXPECT_TRUE(changed.made->refusals[0].reason.starts_with("host \"h0000.localhost\": match 1.path.type must be one of"))
      << changed.made->refusals[0].reason;
  EXPECT_EQ(changed.plan->routing->listeners[0]->virtual_hosts[0]->matches.size(), 2u);
  EXPECT_EQ(changed.plan->routing->listeners[0]->virtual_hosts[1]->matches.size(), 3u);
  // A delta to the host as it was sent still fits.
  const auto next = shop({.hosts = 2, .changed_route = 2});
  const auto made = take(changed.assembly, lines_between(plan, next));
  ASSERT_TRUE(made) << made.error().message;
  const auto& host = *made->plan->routing->listeners[0]->virtual_hosts[0];
  ASSERT_EQ(host.matches.size(), 2u);
  EXPECT_EQ(host.matches[1].path.value, "/changed");
}

TEST(WireAssembly, OtherPartsThatAreNotUnderstood) {
  struct Case {
    const char* in;
    const char* from;
    const char* to;
    const char* part;
  };
  const Case cases[] = {
      {"\"part\":\"backend\"", "\"id\":\"shop/cart:80\"", "\"id\":\"shop/cart:80\",\"protocol\":\"H9\"", "backend shop/cart:80"},
      {"\"part\":\"certificate\"", "\"chain\"", "\"chains\":1,\"chain\"", "certificate shop/certificate"},
      {"\"part\":\"endpoints\"", "\"port\":9000", "\"port\":\"http\"", "endpoints shop/cart:80"},
      {"\"part\":\"listener\"", "\"protocol\":\"HTTP\"", "\"protocol\":\"QUIC\"", "listener http"},
      {"\"part\":\"virtualHost\"", "\"hostname\"", "\"mode\":1,\"hostname\"", "virtual host *.shop.localhost"},
      {"\"part\":\"certificate\"", "\"part\":\"certificate\"", "\"part\":\"passkey\"", "passkey shop/certificate"},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.part);
    Changed changed;
    take_changed(changed, sample_plan(), one.in, one.from, one.to);
    ASSERT_EQ(changed.made->refusals.size(), 1u);
    EXPECT_EQ(changed.made->refusals[0].part, one.part);
    // The rest is there, and can be said in JSON again.
    EXPECT_TRUE(from_value(to_value(*changed.plan)));
  }
}

TEST(WireAssembly, ABackendThatIsNotUnderstoodKeepsItsShare) {
  Changed changed;
  take_changed(changed, sample_plan(), "\"part\":\"backend\"", "\"id\"", "\"tls13only\":true,\"id\"");
  const auto& rule = *changed.plan->routing->listeners[0]->virtual_hosts[0]->matches[0].rule;
  EXPECT_EQ(rule.backends[0].weight, 90u);
  EXPECT_EQ(rule.backends[0].fault, BackendFault::UnsupportedProtocol);
  EXPECT_EQ(rule.backends[0].id, "shop/cart:80");
  EXPECT_EQ(rule.backends[0].backend, nullptr);
}

TEST(WireAssembly, SettingsThatAreNotUnderstoodLeaveThoseThatWere) {
  Assembly assembly;
  const auto plan = sample_plan();
  const auto before = taken(assembly, lines_between(nullptr, plan));
  Plan changed = *plan;
  changed.settings = seal(Settings{{{"limits.maxFields", "63"}}, {}});
  const auto next = seal(changed);
  auto lines = lines_between(plan, next);
  lines[0] = replaced(lines[0], "limits.maxFields", "limits.maxMoons");
  const auto made = take(assembly, lines);
  ASSERT_TRUE(made) << made.error().message;
  ASSERT_EQ(made->refusals.size(), 1u);
  EXPECT_EQ(made->refusals[0].part, "settings");
  EXPECT_EQ(made->plan->settings->values, before->settings->values);
  EXPECT_EQ(id_of(*made->plan), id_of(*next));
}

TEST(WireAssembly, WhatDoesNotFitTogetherIsAnErrorAndNothingChanges) {
  const auto first = shop({.hosts = 4});
  const auto next = shop({.hosts = 4, .changed_route = 4});
  Assembly assembly;
  const auto lines = lines_between(first, next);
  EXPECT_FALSE(take(assembly, lines));  // like what was never sent
  expect_equal(taken(assembly, lines_between(nullptr, first)), first);
  auto whole = lines_between(nullptr, next);
  for (std::size_t i = 0; i + 1 < whole.size(); ++i) {
    auto some = whole;
    some.erase(some.begin() + static_cast<std::ptrdiff_t>(i));
    Assembly fresh;
    const auto made = take(fresh, some);
    EXPECT_TRUE(!made || !made->refusals.empty()) << whole[i];
  }
  expect_equal(taken(assembly, lines), next);
}

}  // namespace
}  // namespace cardea::plan::wire
