// SPDX-License-Identifier: Apache-2.0
#include "cluster/undecodable.h"

#include <gtest/gtest.h>

#include <memory>

#include "base/json.h"

namespace cardea::cluster {
namespace {

constexpr std::string_view kOurs = "cardea.dev/gateway-controller";

api::Resources resources() {
  api::Resources resources;
  for (const std::string_view name : {"ours", "theirs"}) {
    auto made = std::make_shared<api::GatewayClass>();
    made->metadata.name = name;
    made->spec.controller_name = name == "ours" ? kOurs : "example.com/other";
    resources.put(api::Ref<api::GatewayClass>(made));
    auto gateway = std::make_shared<api::Gateway>();
    gateway->metadata.namespace_ = "shop";
    gateway->metadata.name = name;
    gateway->spec.gateway_class_name = name;
    resources.put(api::Ref<api::Gateway>(gateway));
  }
  return resources;
}

std::string statuses_of(api::ObjectId id, std::string_view spec, control::Statuses before = {}) {
  const Undecodables undecodable{{id, {"spec.x is odd", 7, *base::parse_json(spec)}}};
  std::string text;
  for (const auto& status : with_undecodable(std::move(before), undecodable, resources(), kOurs)) {
    text += api::to_text(status->object) + " " + base::to_json(translate::to_value(status->status));
  }
  return text;
}

TEST(Undecodable, ARouteSaysSoToOurParentsAlone) {
  const std::string text = statuses_of({"HTTPRoute", {"shop", "r"}},
                                       R"({"parentRefs":[{"name":"ours","sectionName":"a"},{"name":"theirs"},{"name":"none"}],"rules":7})");
  EXPECT_EQ(text,
            R"(HTTPRoute shop/r {"parents":[{"parentRef":{"group":"gateway.networking.k8s.io","kind":"Gateway","name":"ours","sectionName":"a"},)"
            R"("controllerName":"cardea.dev/gateway-controller","conditions":[{"type":"Accepted","status":"False","reason":"UnsupportedValue",)"
            R"("message":"This version cannot be used: spec.x is odd","observedGeneration":7}]}]})");
}

TEST(Undecodable, AGatewayOfOursSaysSo) {
  const std::string text = statuses_of({"Gateway", {"shop", "g"}}, R"({"gatewayClassName":"ours","listeners":7})");
  EXPECT_TRUE(text.contains(R"("type":"Accepted","status":"False","reason":"Invalid")")) << text;
  EXPECT_TRUE(text.contains(R"("type":"Programmed","status":"False","reason":"Invalid")")) << text;
  EXPECT_EQ(statuses_of({"Gateway", {"shop", "g"}}, R"({"gatewayClassName":"theirs"})"), "");
  EXPECT_EQ(statuses_of({"Service", {"shop", "s"}}, "null"), "");
}

TEST(Undecodable, WhatAnEarlierVersionIsServedAsStays) {
  api::GatewayStatus status;
  status.conditions = {{.type = "Accepted", .status = api::ConditionStatus::True, .reason = "Accepted", .message = "", .observed_generation = 6, .last_transition_time = {}},
                       {.type = "Programmed", .status = api::ConditionStatus::True, .reason = "Programmed", .message = "", .observed_generation = 6, .last_transition_time = {}}};
  const api::ObjectId id{"Gateway", {"shop", "ours"}};
  const auto before = std::make_shared<translate::ObjectStatus>(translate::ObjectStatus{.object = id, .generation = 6, .status = status});
  const std::string text = statuses_of(id, R"({"gatewayClassName":"ours"})", {before});
  EXPECT_TRUE(text.contains(R"("type":"Accepted","status":"False","reason":"Invalid")")) << text;
  EXPECT_TRUE(text.contains(R"("type":"Programmed","status":"True")")) << text;
  EXPECT_FALSE(text.contains(R"("observedGeneration":6)")) << "all at one generation";
}

}  // namespace
}  // namespace cardea::cluster
