// SPDX-License-Identifier: Apache-2.0
#include "proxy/balance.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "plan/hash.h"
#include "proxy/route_table.h"

namespace cardea::proxy {
namespace {

base::IpPort at(std::string_view text) { return base::parse_ip_port(text).value(); }

plan::Endpoint ready(std::string address, std::uint16_t port = 80) {
  return {std::move(address), port, true, true, false};
}
plan::Endpoint terminating(std::string address) { return {std::move(address), 80, false, true, true}; }
plan::Endpoint not_ready(std::string address) { return {std::move(address), 80, false, false, false}; }

plan::PlanSet plans(std::vector<std::pair<std::string, std::vector<plan::Endpoint>>> backends) {
  plan::Endpoints endpoints;
  for (auto& [id, list] : backends)
    endpoints.backends.push_back(plan::seal(plan::BackendEndpoints{id, std::move(list), {}}));
  plan::Plan plan;
  plan.endpoints = plan::seal(std::move(endpoints));
  return {plan::seal(std::move(plan))};
}

struct World {
  std::shared_ptr<BackendSlots> slots = std::make_shared<BackendSlots>();
  std::shared_ptr<const EndpointTable> table;
  Balancer balancer;
  Random random{5};

  void apply(const plan::PlanSet& set, const EndpointTable::Resolve& resolve = {}) {
    const auto before = table;
    table = EndpointTable::build(set, *slots, before.get(), resolve);
    balancer.apply(*table);
  }
  EndpointLease pick(std::string_view id, const TriedEndpoints& tried = {}, BalanceBy by = {}) {
    return balancer.pick(*slots->acquire(id), random, tried, by);
  }
  std::set<std::string> picked(std::string_view id, const TriedEndpoints& tried = {}) {
    std::set<std::string> seen;
    for (int i = 0; i < 200; ++i) {
      if (auto lease = pick(id, tried)) seen.insert(lease->text);
    }
    return seen;
  }
};

using Names = std::set<std::string>;

// --- Backends -------------------------------------------------------------------------------------------------------

CompiledRule rule_with(std::vector<std::uint32_t> weights) {
  CompiledRule rule;
  for (const std::uint32_t weight : weights) {
    rule.total_weight += weight;
    CompiledBackendRef backend;
    backend.weight_end = rule.total_weight;
    rule.backends.push_back(backend);
  }
  return rule;
}

TEST(PickBackend, SharesFollowTheWeights) {
  const auto rule = rule_with({70, 30, 0});
  Random random(3);
  std::map<std::size_t, int> counts;
  constexpr int kPicks = 100'000;
  for (int i = 0; i < kPicks; ++i)
    ++counts[static_cast<std::size_t>(pick_backend(rule, random) - rule.backends.data())];
  EXPECT_NEAR(counts[0], kPicks * 0.7, kPicks * 0.01);
  EXPECT_NEAR(counts[1], kPicks * 0.3, kPicks * 0.01);
  EXPECT_EQ(counts.count(2), 0u);
}

TEST(PickBackend, NoneWithoutWeight) {
  Random random(3);
  EXPECT_EQ(pick_backend(rule_with({}), random), nullptr);
  EXPECT_EQ(pick_backend(rule_with({0, 0}), random), nullptr);
  EXPECT_EQ(pick_backend(rule_with({0}), random), nullptr);
  const auto rule = rule_with({0, 1, 0});
  for (int i = 0; i < 100; ++i) EXPECT_EQ(pick_backend(rule, random), &rule.backends[1]);
}

// --- Slots ----------------------------------------------------------------------------------------------------------

TEST(BackendSlots, ANumberStaysWhileHeldAndIsGivenAgainAfter) {
  auto slots = std::make_shared<BackendSlots>();
  auto a = slots->acquire("ns/a:80");
  auto b = slots->acquire("ns/b:80");
  EXPECT_NE(a->index, b->index);
  EXPECT_EQ(slots->acquire("ns/a:80"), a);
  const auto number = a->index;
  a.reset();
  EXPECT_EQ(slots->size(), 1u);
  EXPECT_EQ(slots->acquire("ns/c:80")->index, number);
}

TEST(BackendSlots, ASlotMayOutliveItsMaker) {
  auto slots = std::make_shared<BackendSlots>();
  auto slot = slots->acquire("ns/a:80");
  slots.reset();
  EXPECT_EQ(slot->id, "ns/a:80");
}

// --- Endpoints ------------------------------------------------------------------------------------------------------

TEST(Balancer, ReadyEndpointsAlone) {
  World world;
  world.apply(
      plans({{"ns/a:80", {ready("10.0.0.1"), ready("10.0.0.2"), terminating("10.0.0.3"), not_ready("10.0.0.4")}}}));
  EXPECT_EQ(world.picked("ns/a:80"), (Names{"10.0.0.1:80", "10.0.0.2:80"}));
}

TEST(Balancer, TheLastResortIsServingAndTerminating) {
  World world;
  world.apply(plans({{"ns/a:80", {terminating("10.0.0.3"), not_ready("10.0.0.4")}}}));
  EXPECT_EQ(world.picked("ns/a:80"), (Names{"10.0.0.3:80"}));
}

TEST(Balancer, NoneIsLeft) {
  World world;
  world.apply(plans({{"ns/a:80", {not_ready("10.0.0.4")}}, {"ns/b:80", {}}}));
  EXPECT_FALSE(world.pick("ns/a:80"));
  EXPECT_FALSE(world.pick("ns/b:80"));
  EXPECT_FALSE(world.pick("ns/unknown:80"));
}

TEST(Balancer, TriedOnesAreLeftOutAndThenTheLastResortComes) {
  World world;
  world.apply(plans({{"ns/a:80", {ready("10.0.0.1"), ready("10.0.0.2"), ready("10.0.0.5"), terminating("10.0.0.3")}}}));
  TriedEndpoints tried;
  Names seen;
  for (int i = 0; i < 3; ++i) {
    auto lease = world.pick("ns/a:80", tried);
    ASSERT_TRUE(lease);
    EXPECT_TRUE(seen.insert(lease->text).second);
    tried.add(*lease);
  }
  EXPECT_EQ(seen, (Names{"10.0.0.1:80", "10.0.0.2:80", "10.0.0.5:80"}));
  auto last = world.pick("ns/a:80", tried);
  ASSERT_TRUE(last);
  EXPECT_EQ(last->text, "10.0.0.3:80");
  tried.add(*last);
  EXPECT_FALSE(world.pick("ns/a:80", tried));
}

TEST(Balancer, TheLessLoadedOfTwo) {
  World world;
  world.apply(plans({{"ns/a:80", {ready("10.0.0.1"), ready("10.0.0.2")}}}));
  // With two endpoints both are always drawn, so the loads never differ by more than one.
  std::vector<EndpointLease> leases;
  std::map<std::string, int> counts;
  for (int i = 0; i < 101; ++i) {
    leases.push_back(world.pick("ns/a:80"));
    ++counts[leases.back()->text];
    EXPECT_LE(std::abs(counts["10.0.0.1:80"] - counts["10.0.0.2:80"]), 1);
  }
}

TEST(Balancer, LoadEvensOutOverMany) {
  World world;
  std::vector<plan::Endpoint> endpoints;
  for (int i = 1; i <= 20; ++i) endpoints.push_back(ready("10.0.0." + std::to_string(i)));
  world.apply(plans({{"ns/a:80", endpoints}}));
  std::vector<EndpointLease> leases;
  std::map<std::string, int> counts;
  for (int i = 0; i < 2000; ++i) {
    leases.push_back(world.pick("ns/a:80"));
    ++counts[leases.back()->text];
  }
  EXPECT_EQ(counts.size(), 20u);
  for (const auto& [text, count] : counts) EXPECT_NEAR(count, 100, 10) << text;
}

TEST(Balancer, AllEqualMeansAllAreUsedAlike) {
  World world;
  world.apply(plans({{"ns/a:80", {ready("10.0.0.1"), ready("10.0.0.2"), ready("10.0.0.3")}}}));
  std::map<std::string, int> counts;
  for (int i = 0; i < 30'000; ++i) ++counts[world.pick("ns/a:80")->text];
  for (const auto& [text, count] : counts) EXPECT_NEAR(count, 10'000, 600) << text;
}

TEST(Balancer, StateSurvivesAChangeThatKeepsTheEndpoint) {
  World world;
  world.apply(plans({{"ns/a:80", {ready("10.0.0.1")}}, {"ns/b:80", {ready("10.0.0.9")}}}));
  auto lease = world.pick("ns/a:80");
  auto* state = &*lease;
  state->pool = std::make_shared<int>(1);
  world.apply(plans({{"ns/a:80", {ready("10.0.0.1"), ready("10.0.0.2")}}}));
  EXPECT_TRUE(lease->listed);
  EXPECT_EQ(lease->active, 1u);
  EXPECT_EQ(world.picked("ns/a:80"), (Names{"10.0.0.2:80"}));  // the new one has nothing to do yet
  EXPECT_FALSE(world.pick("ns/b:80"));
  // From ready to the last resort and back it stays the same state too.
  world.apply(plans({{"ns/a:80", {terminating("10.0.0.1")}}}));
  auto again = world.pick("ns/a:80");
  EXPECT_EQ(&*again, state);
  EXPECT_TRUE(again->pool);
}

TEST(Balancer, AnEndpointThatLeftEndsWithItsLastLease) {
  World world;
  world.apply(plans({{"ns/a:80", {ready("10.0.0.1")}}}));
  auto lease = world.pick("ns/a:80");
  const auto pool = std::make_shared<int>(1);
  lease->pool = pool;
  world.apply(plans({{"ns/a:80", {ready("10.0.0.2")}}}));
  EXPECT_FALSE(lease->listed);
  EXPECT_EQ(pool.use_count(), 2);
  EXPECT_EQ(world.picked("ns/a:80"), (Names{"10.0.0.2:80"}));
  lease.release();
  EXPECT_EQ(pool.use_count(), 1);
}

TEST(Balancer, AnIdleEndpointThatLeftEndsAtOnce) {
  World world;
  world.apply(plans({{"ns/a:80", {ready("10.0.0.1")}}}));
  const auto pool = std::make_shared<int>(1);
  world.pick("ns/a:80")->pool = pool;
  EXPECT_EQ(pool.use_count(), 2);
  world.apply(plans({}));
  EXPECT_EQ(pool.use_count(), 1);
}

TEST(Balancer, RoundRobinTakesEachInTurnAndSkipsWhatWasTried) {
  World world;
  world.apply(plans({{"ns/a:80", {ready("10.0.0.1"), ready("10.0.0.2"), ready("10.0.0.3")}}}));
  const BalanceBy by{LoadBalancing::RoundRobin};
  std::vector<std::string> seen;
  for (int i = 0; i < 6; ++i) seen.push_back(world.pick("ns/a:80", {}, by)->text);
  EXPECT_EQ(seen, (std::vector<std::string>{"10.0.0.1:80", "10.0.0.2:80", "10.0.0.3:80", "10.0.0.1:80", "10.0.0.2:80", "10.0.0.3:80"}));
  TriedEndpoints tried;
  tried.add(*world.pick("ns/a:80", {}, by));
  tried.add(*world.pick("ns/a:80", {}, by));
  EXPECT_EQ(world.pick("ns/a:80", tried, by)->text, "10.0.0.3:80");
  tried.add(*world.pick("ns/a:80", tried, by));
  EXPECT_FALSE(world.pick("ns/a:80", tried, by));
}

TEST(Balancer, AnotherTryTakesNobodysTurn) {
  World world;
  world.apply(plans({{"ns/a:80", {ready("10.0.0.1"), ready("10.0.0.2")}}}));
  const BalanceBy by{LoadBalancing::RoundRobin};
  std::vector<std::string> seen;
  for (int i = 0; i < 4; ++i) {
    const auto first = world.pick("ns/a:80", {}, by);
    seen.push_back(first->text);
    TriedEndpoints tried;
    tried.add(*first);
    EXPECT_NE(world.pick("ns/a:80", tried, by)->text, first->text);
  }
  EXPECT_EQ(seen, (std::vector<std::string>{"10.0.0.1:80", "10.0.0.2:80", "10.0.0.1:80", "10.0.0.2:80"}));
}

TEST(Balancer, RandomDoesNotLookAtLoad) {
  World world;
  world.apply(plans({{"ns/a:80", {ready("10.0.0.1"), ready("10.0.0.2")}}}));
  const auto busy = world.pick("ns/a:80", {}, {LoadBalancing::Random});
  std::map<std::string, int> counts;
  for (int i = 0; i < 10'000; ++i) ++counts[world.pick("ns/a:80", {}, {LoadBalancing::Random})->text];
  for (const auto& [text, count] : counts) EXPECT_NEAR(count, 5'000, 400) << text;
}

TEST(Balancer, AHashKeepsItsEndpointAndMovesLittleWhenOneGoes) {
  World world;
  std::vector<plan::Endpoint> endpoints;
  for (int i = 1; i <= 10; ++i) endpoints.push_back(ready("10.0.0." + std::to_string(i)));
  world.apply(plans({{"ns/a:80", endpoints}}));
  const auto picked = [&](std::uint64_t key) { return world.pick("ns/a:80", {}, {LoadBalancing::Hash, key})->text; };
  std::map<std::uint64_t, std::string> before;
  std::map<std::string, int> counts;
  for (std::uint64_t key = 0; key < 5'000; ++key) ++counts[before[key] = picked(key)];
  for (const auto& [text, count] : counts) EXPECT_NEAR(count, 500, 100) << text;
  endpoints.pop_back();
  world.apply(plans({{"ns/a:80", endpoints}}));
  for (const auto& [key, text] : before) {
    if (text != "10.0.0.10:80") {
      EXPECT_EQ(picked(key), text);
    } else {
      EXPECT_NE(picked(key), text);
    }
  }
}

TEST(EndpointTable, WhatDidNotChangeIsTheSamePointer) {
  World world;
  world.apply(plans({{"ns/a:80", {ready("10.0.0.1")}}, {"ns/b:80", {ready("10.0.0.2")}}}));
  const auto before = world.table;
  world.apply(plans({{"ns/a:80", {ready("10.0.0.1")}}, {"ns/b:80", {ready("10.0.0.3")}}}));
  EXPECT_EQ(world.table->entries()[0].list, before->entries()[0].list);
  EXPECT_NE(world.table->entries()[1].list, before->entries()[1].list);
}

TEST(EndpointTable, NamesAreResolvedAndFollowed) {
  World world;
  const auto set = plans({{"ns/a:80", {ready("db.test", 5432), ready("10.0.0.1"), ready("cache.test", 6379)}}});
  world.apply(set);
  EXPECT_EQ(world.table->names(), (std::vector<std::string>{"cache.test", "db.test"}));
  EXPECT_EQ(world.picked("ns/a:80"), (Names{"10.0.0.1:80"}));
  world.apply(set, [](std::string_view name) -> std::vector<base::IpAddress> {
    if (name != "db.test") return {};
    return {at("10.0.0.8:0").address, at("[2001:db8::1]:0").address};
  });
  EXPECT_EQ(world.picked("ns/a:80"), (Names{"10.0.0.1:80", "10.0.0.8:5432", "[2001:db8::1]:5432"}));
}

TEST(EndpointTable, NamesStayKnownWhileThePlanIsTheSame) {
  World world;
  const std::vector<std::string> name{"db.test"};
  const auto set = plans({{"ns/a:80", {ready("10.0.0.1")}}, {"ns/b:80", {ready("10.0.0.2"), ready("db.test")}}});
  for (const char* address : {"10.0.0.8:80", "10.0.0.9:80"}) {
    std::vector<std::string> asked;
    world.apply(set, [&](std::string_view wanted) {
      asked.emplace_back(wanted);
      return std::vector{at(address).address};
    });
    EXPECT_EQ(asked, name) << "and nothing that is an address";
    EXPECT_EQ(world.table->names(), name);
    EXPECT_EQ(world.picked("ns/a:80"), Names{"10.0.0.1:80"});
    EXPECT_EQ(world.picked("ns/b:80"), (Names{"10.0.0.2:80", address}));
  }
  // The name is gone, then back.
  world.apply(plans({{"ns/b:80", {ready("10.0.0.2")}}}));
  EXPECT_TRUE(world.table->names().empty());
  world.apply(set);
  EXPECT_EQ(world.table->names(), name);
}

TEST(EndpointTable, ABackendOfSeveralPlansIsTakenOnce) {
  World world;
  auto set = plans({{"ns/a:80", {ready("10.0.0.1")}}});
  const auto more = plans({{"ns/a:80", {ready("10.0.0.2")}}, {"ns/b:80", {ready("10.0.0.3")}}});
  set.push_back(more[0]);
  world.apply(set);
  EXPECT_EQ(world.picked("ns/a:80"), (Names{"10.0.0.1:80"}));
  EXPECT_EQ(world.picked("ns/b:80"), (Names{"10.0.0.3:80"}));
}

TEST(Balancer, ALargeChangeKeepsEveryStateThatStays) {
  World world;
  const auto range = [](int from, int to) {
    std::vector<plan::Endpoint> endpoints;
    for (int i = from; i < to; ++i)
      endpoints.push_back(ready("10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250 + 1)));
    return endpoints;
  };
  world.apply(plans({{"ns/a:80", range(0, 1000)}}));
  std::map<std::string, EndpointState*> states;
  world.balancer.for_each([&](EndpointState& state) { states[state.text] = &state; });
  EXPECT_EQ(states.size(), 1000u);
  world.apply(plans({{"ns/a:80", range(500, 1500)}}));
  std::size_t kept = 0, all = 0;
  world.balancer.for_each([&](EndpointState& state) {
    const auto found = states.find(state.text);
    kept += found != states.end() && found->second == &state;
    ++all;
  });
  EXPECT_EQ(kept, 500u);
  EXPECT_EQ(all, 1000u);
}

}  // namespace
}  // namespace cardea::proxy
