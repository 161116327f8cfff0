// SPDX-License-Identifier: Apache-2.0
#include "cluster/seen_objects.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/json.h"

namespace cardea::cluster {
namespace {

base::Value json(std::string_view text) { return *base::parse_json(text); }

TEST(Contains, AllowsDefaultsAndOtherOrders) {
  const auto live = json(R"({"spec": {"type": "LoadBalancer", "clusterIP": "10.0.0.1",
                            "ports": [{"port": 81, "nodePort": 30001, "protocol": "TCP"}, {"port": 80, "nodePort": 30000, "protocol": "TCP"}]}})");
  EXPECT_TRUE(contains(live, json(R"({"spec": {"type": "LoadBalancer", "ports": [{"port": 80}, {"port": 81}]}})")));
  EXPECT_TRUE(contains(live, json(R"({"metadata": {"annotations": {}}})")));
  EXPECT_FALSE(contains(live, json(R"({"spec": {"type": "ClusterIP"}})")));
  EXPECT_FALSE(contains(live, json(R"({"spec": {"ports": [{"port": 82}]}})")));
  EXPECT_FALSE(contains(live, json(R"({"spec": {"selector": {"a": "b"}}})")));
}

TEST(MustApply, WhatIsNewOtherThanAppliedOrChangedBySomebody) {
  const auto manifest = json(R"({"metadata": {"labels": {"a": "1"}, "annotations": {"gateway.cardea.dev/applied": "h1"}}})");
  EXPECT_TRUE(must_apply(nullptr, manifest));
  const auto same = json(R"({"metadata": {"labels": {"a": "1", "b": "2"}, "annotations": {"gateway.cardea.dev/applied": "h1"}}})");
  EXPECT_FALSE(must_apply(&same, manifest));
  // What we said before and do not say any more is to be taken back.
  const auto older = json(R"({"metadata": {"labels": {"a": "1", "old": "2"}, "annotations": {"gateway.cardea.dev/applied": "h0"}}})");
  EXPECT_TRUE(must_apply(&older, manifest));
  const auto changed = json(R"({"metadata": {"labels": {"a": "9"}, "annotations": {"gateway.cardea.dev/applied": "h1"}}})");
  EXPECT_TRUE(must_apply(&changed, manifest));
}

TEST(SeenObjects, KeepsTheNewerOfTwo) {
  SeenObjects seen;
  const ObjectRef ref{"Service", "shop", "web-cardea"};
  EXPECT_TRUE(seen.put(ref, json(R"({"metadata": {"resourceVersion": "10"}, "spec": 10})")));
  EXPECT_FALSE(seen.put(ref, json(R"({"metadata": {"resourceVersion": "9"}, "spec": 9})")));
  EXPECT_EQ(seen.find(ref)->find("spec")->as_int(), 10);
  EXPECT_TRUE(seen.put(ref, json(R"({"metadata": {"resourceVersion": "11"}, "spec": 11})")));
  EXPECT_TRUE(seen.erase(ref));
  EXPECT_EQ(seen.find(ref), nullptr);
}

TEST(SeenObjects, KnowsWhoseTheyAre) {
  SeenObjects seen;
  const auto owned = [](std::string_view uid) {
    return json(fmt::format(R"({{"metadata": {{"ownerReferences": [{{"apiVersion": "v1", "kind": "ConfigMap", "uid": "x", "name": "x"}},
                               {{"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "name": "web", "uid": "{}"}}]}}}})",
                            uid));
  };
  seen.put({"Service", "shop", "a"}, owned("u1"));
  seen.put({"Service", "shop", "b"}, owned("u2"));
  EXPECT_EQ(owner_of(owned("u1")).name, "web");
  const auto refs = seen.owned_by("u2");
  ASSERT_EQ(refs.size(), 1u);
  EXPECT_EQ(to_text(refs[0]), "Service shop/b");
}

TEST(LoadBalancer, AddressesAreInItsOrderOnceEach) {
  EXPECT_TRUE(load_balancer_addresses(json("{}")).empty());
  const auto service = json(R"({"status": {"loadBalancer": {"ingress":
      [{"ip": "192.0.2.1"}, {"hostname": "lb.example.net"}, {"ip": "192.0.2.1"}, {"ip": "2001:db8::1"}]}}})");
  EXPECT_EQ(load_balancer_addresses(service), (std::vector<std::string>{"192.0.2.1", "lb.example.net", "2001:db8::1"}));
}

TEST(Deployment, TellsHowManyAreReadyAndWhyNone) {
  EXPECT_EQ(ready_replicas(json("{}")), 0);
  EXPECT_EQ(ready_replicas(json(R"({"status": {"readyReplicas": 2}})")), 2);
  const auto failing = json(R"({"status": {"conditions": [{"type": "Available", "status": "False", "message": "m"},
      {"type": "ReplicaFailure", "status": "True", "message": "exceeded quota"}]}})");
  EXPECT_EQ(replica_failure(failing), "exceeded quota");
  EXPECT_EQ(replica_failure(json("{}")), "");
}

}  // namespace
}  // namespace cardea::cluster
