// SPDX-License-Identifier: Apache-2.0
// GRPCRoute (Gateway API v1.6.1, both channels).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/route.h"
#include "api/route_filter.h"

namespace cardea::api {

struct GRPCMethodMatch {
  Enum<MatchType> type = MatchType::Exact;
  std::string service;  // empty: any
  std::string method;   // empty: any

  bool operator==(const GRPCMethodMatch&) const = default;
};

struct GRPCRouteMatch {
  std::optional<GRPCMethodMatch> method;  // absent: any
  std::vector<NamedMatch> headers;

  bool operator==(const GRPCRouteMatch&) const = default;
};

struct GRPCRouteRule {
  std::string name;                     // may be empty
  std::vector<GRPCRouteMatch> matches;  // empty: every request
  std::vector<RouteFilter> filters;
  std::vector<FilteredBackendRef> backend_refs;
  Rare<SessionPersistence> session_persistence;

  bool operator==(const GRPCRouteRule&) const = default;
};

struct GRPCRouteSpec : CommonRouteSpec {
  std::vector<std::string> hostnames;
  std::vector<GRPCRouteRule> rules;

  bool operator==(const GRPCRouteSpec&) const = default;
};

struct GRPCRoute {
  static constexpr std::string_view kKind = "GRPCRoute";
  ObjectMeta metadata;
  GRPCRouteSpec spec;

  bool operator==(const GRPCRoute&) const = default;
};

}  // namespace cardea::api
