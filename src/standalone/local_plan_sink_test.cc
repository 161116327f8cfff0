// SPDX-License-Identifier: Apache-2.0
#include "standalone/local_plan_sink.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <cstring>

#include "base/ip.h"
#include "plan/hash.h"

namespace cardea::standalone {
namespace {

plan::PlanSet plans() {
  plan::Plan plan;
  plan.gateway = {"shop", "http"};
  return {plan::seal(std::move(plan))};
}

// A data plane that answers what the test says.
class FakeDataPlane final : public proxy::DataPlane {
 public:
  proxy::Applied apply(const plan::PlanSet&) override {
    ++applied;
    return answer;
  }
  std::vector<std::string> names() const override { return {}; }
  void resolve_again() override {}
  void begin_drain() override {}
  bool drained() const override { return true; }
  void flush_logs() override {}
  const proxy::Metrics& metrics() const override { std::abort(); }

  proxy::Applied answer;
  int applied = 0;
};

TEST(LocalPlanSink, WhatIsAppliedIsServed) {
  FakeDataPlane data_plane;
  data_plane.answer.addresses = {"127.0.0.1"};
  LocalPlanSink sink(data_plane, {"127.0.0.1"});
  EXPECT_FALSE(sink.live());
  const auto set = plans();
  sink.publish(set);
  EXPECT_TRUE(sink.live());
  const auto observed = sink.observed();
  EXPECT_EQ(observed.gateways.at({"shop", "http"}).served, set[0]);
  EXPECT_EQ(observed.addresses, std::vector<std::string>{"127.0.0.1"});
}

TEST(LocalPlanSink, ARetryTellsWhetherItHelped) {
  FakeDataPlane data_plane;
  data_plane.answer.bind_failures = {{"127.0.0.1", 80, "Address already in use"}};
  LocalPlanSink sink(data_plane, {"127.0.0.1"});
  sink.publish(plans());
  EXPECT_TRUE(sink.has_bind_failures());
  EXPECT_FALSE(sink.retry());
  data_plane.answer = {.addresses = {"127.0.0.1"}, .bind_failures = {}, .refusals = {}};
  EXPECT_TRUE(sink.retry());
  EXPECT_FALSE(sink.has_bind_failures());
  EXPECT_EQ(data_plane.applied, 3);
}

TEST(Observe, AWildcardStandsForTheAddressesOfTheMachine) {
  proxy::Applied applied;
  applied.addresses = {"0.0.0.0", "10.9.9.9"};
  const std::vector<std::string> machine{"192.0.2.7", "2001:db8::7"};
  EXPECT_EQ(observe(applied, {}, {"0.0.0.0", "::"}, machine).addresses, std::vector<std::string>{"192.0.2.7"})
      << "IPv6 was not bound, and 10.9.9.9 was asked for by a Gateway, not by default";
  applied.addresses.push_back("::");
  EXPECT_EQ(observe(applied, {}, {"0.0.0.0", "::"}, machine).addresses, machine);
  applied.addresses.clear();
  EXPECT_TRUE(observe(applied, {}, {"0.0.0.0", "::"}, machine).addresses.empty());
}

TEST(Observe, FailuresAndRefusalsFindTheirPlaces) {
  proxy::Applied applied;
  applied.bind_failures = {{"192.0.2.1", 80, std::strerror(EADDRNOTAVAIL)}, {"::", 80, std::strerror(EADDRINUSE)}};
  applied.refusals = {{{"shop", "http"}, "certificate shop/tls", "no start line"}, {{"no", "such"}, "x", "y"}};
  const auto observed = observe(applied, plans(), {"::"}, {});
  ASSERT_EQ(observed.bind_failures.size(), 2u);
  EXPECT_TRUE(observed.bind_failures[0].address_missing);
  EXPECT_FALSE(observed.bind_failures[1].address_missing);
  EXPECT_EQ(observed.gateways.size(), 1u);
  EXPECT_EQ(observed.gateways.at({"shop", "http"}).refusals.at(0).part, "certificate shop/tls");
}

TEST(MachineAddresses, AreAddressesAndNeverWildcards) {
  const auto addresses = machine_addresses();
  ASSERT_FALSE(addresses.empty());
  for (const std::string& address : addresses) {
    const auto ip = base::parse_ip(address);
    ASSERT_TRUE(ip) << address;
    EXPECT_FALSE(ip->is_unspecified());
  }
}

}  // namespace
}  // namespace cardea::standalone
