// SPDX-License-Identifier: Apache-2.0
// The statuses that a controller writes (Gateway API v1.6.1). `translate` fills them; see status_value.h for their form
// as a document.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "api/condition.h"
#include "api/gateway.h"
#include "api/references.h"

namespace cardea::api {

struct GatewayClassStatus {
  Conditions conditions;
  std::vector<std::string> supported_features;  // names, sorted

  bool operator==(const GatewayClassStatus&) const = default;
};

struct ListenerStatus {
  std::string name;
  std::vector<RouteGroupKind> supported_kinds;  // written also when empty
  std::int32_t attached_routes = 0;
  Conditions conditions;

  bool operator==(const ListenerStatus&) const = default;
};

struct GatewayStatus {
  std::vector<GatewayAddress> addresses;
  Conditions conditions;
  std::vector<ListenerStatus> listeners;
  std::int32_t attached_listener_sets = 0;

  bool operator==(const GatewayStatus&) const = default;
};

struct ListenerSetStatus {
  Conditions conditions;
  std::vector<ListenerStatus> listeners;

  bool operator==(const ListenerSetStatus&) const = default;
};

// Of HTTPRoute, GRPCRoute, TLSRoute, TCPRoute and UDPRoute.
struct RouteParentStatus {
  ParentReference parent_ref;  // as written in the Route
  std::string controller_name;
  Conditions conditions;

  bool operator==(const RouteParentStatus&) const = default;
};
struct RouteStatus {
  std::vector<RouteParentStatus> parents;

  bool operator==(const RouteStatus&) const = default;
};

// Of BackendTLSPolicy.
struct PolicyAncestorStatus {
  ParentReference ancestor_ref;
  std::string controller_name;
  Conditions conditions;

  bool operator==(const PolicyAncestorStatus&) const = default;
};
struct PolicyStatus {
  std::vector<PolicyAncestorStatus> ancestors;

  bool operator==(const PolicyStatus&) const = default;
};

}  // namespace cardea::api
