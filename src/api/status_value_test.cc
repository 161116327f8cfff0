// SPDX-License-Identifier: Apache-2.0
#include "api/status_value.h"

#include <gtest/gtest.h>

#include "api/object.h"
#include "base/yaml.h"

namespace cardea::api {
namespace {

Condition condition(std::string type, ConditionStatus status, std::string reason) {
  Condition made;
  made.type = std::move(type);
  made.status = status;
  made.reason = std::move(reason);
  made.message = "because";
  made.observed_generation = 3;
  return made;
}

// Equal as documents, members in that order, and so after a trip through text.
void expect_yaml(const base::Value& value, std::string_view expected) {
  for (const std::string& text : {std::string(expected), base::to_yaml(value)}) {
    const base::YamlDocuments read = base::parse_yaml(text);
    ASSERT_TRUE(read.errors.empty()) << text;
    ASSERT_EQ(read.values.size(), 1u) << text;
    EXPECT_EQ(read.values[0], value) << base::to_yaml(value);
  }
}

ObjectMeta metadata(std::string namespace_, std::string name) {
  ObjectMeta made;
  made.namespace_ = std::move(namespace_);
  made.name = std::move(name);
  made.generation = 3;
  return made;
}

TEST(StatusValue, Gateway) {
  GatewayStatus status;
  status.addresses = {{AddressType::IPAddress, "192.0.2.1"}};
  status.conditions = {condition("Accepted", ConditionStatus::True, "Accepted")};
  status.conditions[0].last_transition_time = {1767323045, 0};
  status.listeners = {{"http", {{"gateway.networking.k8s.io", "HTTPRoute"}}, 2, {}},
                      {"odd", {}, 0, {condition("Accepted", ConditionStatus::False, "UnsupportedProtocol")}}};
  status.attached_listener_sets = 1;
  expect_yaml(status_document("Gateway", metadata("infra", "web"), to_value(status)),
              R"(apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata:
  name: web
  namespace: infra
  generation: 3
status:
  addresses:
  - type: IPAddress
    value: 192.0.2.1
  conditions:
  - type: Accepted
    status: "True"
    reason: Accepted
    message: because
    observedGeneration: 3
    lastTransitionTime: "2026-01-02T03:04:05Z"
  listeners:
  - name: http
    supportedKinds:
    - group: gateway.networking.k8s.io
      kind: HTTPRoute
    attachedRoutes: 2
    conditions: []
  - name: odd
    supportedKinds: []
    attachedRoutes: 0
    conditions:
    - type: Accepted
      status: "False"
      reason: UnsupportedProtocol
      message: because
      observedGeneration: 3
  attachedListenerSets: 1
)");
}

TEST(StatusValue, GatewayClass) {
  const GatewayClassStatus status{{condition("Accepted", ConditionStatus::Unknown, "Pending")}, {"A", "B"}};
  expect_yaml(status_document("GatewayClass", metadata("", "shop"), to_value(status)),
              R"(apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata:
  name: shop
  generation: 3
status:
  conditions:
  - type: Accepted
    status: Unknown
    reason: Pending
    message: because
    observedGeneration: 3
  supportedFeatures:
  - name: A
  - name: B
)");
}

TEST(StatusValue, RouteRepeatsItsParentRefAsWritten) {
  RouteStatus status;
  status.parents = {{{"gateway.networking.k8s.io", "Gateway", "", "web", "", std::nullopt}, "cardea.dev/x", {}},
                    {{"", "Service", "ns", "s", "a", std::uint16_t{80}},
                     "cardea.dev/x",
                     {condition("Accepted", ConditionStatus::True, "Accepted")}}};
  expect_yaml(to_value(status), R"(parents:
- parentRef:
    group: gateway.networking.k8s.io
    kind: Gateway
    name: web
  controllerName: cardea.dev/x
  conditions: []
- parentRef:
    group: ""
    kind: Service
    namespace: ns
    name: s
    sectionName: a
    port: 80
  controllerName: cardea.dev/x
  conditions:
  - type: Accepted
    status: "True"
    reason: Accepted
    message: because
    observedGeneration: 3
)");
}

TEST(StatusValue, PolicyAndListenerSet) {
  PolicyStatus policy;
  policy.ancestors = {{{"gateway.networking.k8s.io", "Gateway", "a", "b", "", std::nullopt}, "cardea.dev/x", {}}};
  expect_yaml(to_value(policy), R"(ancestors:
- ancestorRef:
    group: gateway.networking.k8s.io
    kind: Gateway
    namespace: a
    name: b
  controllerName: cardea.dev/x
  conditions: []
)");
  ListenerSetStatus set;
  set.conditions = {condition("Accepted", ConditionStatus::False, "NotAllowed")};
  expect_yaml(to_value(set), R"(conditions:
- type: Accepted
  status: "False"
  reason: NotAllowed
  message: because
  observedGeneration: 3
)");
}

TEST(StatusValue, EveryKindHasAVersion) {
  EXPECT_EQ(api_version_of("BackendTLSPolicy"), "gateway.networking.k8s.io/v1");
  EXPECT_EQ(api_version_of("Secret"), "v1");
  EXPECT_EQ(api_version_of("EndpointSlice"), "discovery.k8s.io/v1");
  EXPECT_EQ(api_version_of("Pod"), "");
}

TEST(Conditions, FindByType) {
  const Conditions conditions{condition("A", ConditionStatus::True, "X"), condition("B", ConditionStatus::True, "Y")};
  ASSERT_NE(find_condition(conditions, "B"), nullptr);
  EXPECT_EQ(find_condition(conditions, "B")->reason, "Y");
  EXPECT_EQ(find_condition(conditions, "C"), nullptr);
}

}  // namespace
}  // namespace cardea::api
