// SPDX-License-Identifier: Apache-2.0
// The statuses that we write, as values, one struct per status of the spec (facts, 1.2 to 1.10). They hold our own
// entries only; `status/merge` joins them with what stands on the object.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/value.h"
#include "plan/plan.h"
#include "translate/status/condition.h"

namespace cardea::translate {

struct RouteGroupKind {
  std::string group;
  std::string kind;
  auto operator<=>(const RouteGroupKind&) const = default;
};

// A parentRef or ancestorRef as status names it: `group` and `kind` filled in, the rest as the object's spec wrote it.
struct StatusParentRef {
  std::string group;
  std::string kind;
  std::optional<std::string> namespace_;
  std::string name;
  std::optional<std::string> section_name;
  std::optional<std::uint16_t> port;
  auto operator<=>(const StatusParentRef&) const = default;
};

struct GatewayClassStatus {
  std::vector<Condition> conditions;
  std::vector<std::string> supported_features;  // sorted
  bool operator==(const GatewayClassStatus&) const = default;
};

struct ListenerStatus {
  std::string name;
  std::vector<RouteGroupKind> supported_kinds;
  std::int32_t attached_routes = 0;
  std::vector<Condition> conditions;
  bool operator==(const ListenerStatus&) const = default;
};

struct StatusAddress {
  std::string type;
  std::string value;
  auto operator<=>(const StatusAddress&) const = default;
};

struct GatewayStatus {
  std::vector<StatusAddress> addresses;
  std::vector<Condition> conditions;
  std::vector<ListenerStatus> listeners;  // the Gateway's own, in the order of its spec
  std::int32_t attached_listener_sets = 0;
  bool operator==(const GatewayStatus&) const = default;
};

struct ListenerSetStatus {
  std::vector<Condition> conditions;
  std::vector<ListenerStatus> listeners;
  bool operator==(const ListenerSetStatus&) const = default;
};

struct ParentStatus {
  StatusParentRef parent;
  std::vector<Condition> conditions;
  bool operator==(const ParentStatus&) const = default;
};

// The `parents` of a route of any kind: only those that are ours. Empty: none is, and what we wrote before must go.
struct RouteStatus {
  std::string controller_name;
  std::vector<ParentStatus> parents;
  bool operator==(const RouteStatus&) const = default;
};

// The `ancestors` of a policy: one per Gateway of ours that reaches a target.
struct PolicyStatus {
  std::string controller_name;
  std::vector<ParentStatus> ancestors;
  bool operator==(const PolicyStatus&) const = default;
};

// An object of gateway.networking.k8s.io/v1.
struct ObjectKey {
  std::string_view kind;  // "Gateway", "HTTPRoute", ...: always a literal
  plan::ObjectName name;  // namespace_ is empty for a GatewayClass
  auto operator<=>(const ObjectKey&) const = default;
};

struct ObjectStatus {
  ObjectKey object;
  std::int64_t generation = 0;  // of the object when this was computed
  std::variant<GatewayClassStatus, GatewayStatus, ListenerSetStatus, RouteStatus, PolicyStatus> status;
  bool operator==(const ObjectStatus&) const = default;
};

// The value of the object's `status` member as the API writes it (no lastTransitionTime).
base::Value to_value(const ObjectStatus& status);

}  // namespace cardea::translate
