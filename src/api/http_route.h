// SPDX-License-Identifier: Apache-2.0
// HTTPRoute (Gateway API v1.6.1, both channels).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/route.h"
#include "api/route_filter.h"

namespace cardea::api {

enum class PathMatchType : std::uint8_t { PathPrefix, Exact, RegularExpression, Unknown };
template <>
struct EnumText<PathMatchType> {
  static constexpr std::array<std::string_view, 3> kNames{"PathPrefix", "Exact", "RegularExpression"};
};
struct HTTPPathMatch {
  Enum<PathMatchType> type = PathMatchType::PathPrefix;
  std::string value = "/";

  bool operator==(const HTTPPathMatch&) const = default;
};

enum class HTTPMethod : std::uint8_t { GET, HEAD, POST, PUT, DELETE, CONNECT, OPTIONS, TRACE, PATCH, Unknown };
template <>
struct EnumText<HTTPMethod> {
  static constexpr std::array<std::string_view, 9> kNames{"GET",     "HEAD",    "POST",  "PUT",  "DELETE",
                                                          "CONNECT", "OPTIONS", "TRACE", "PATCH"};
};

struct HTTPRouteMatch {
  HTTPPathMatch path;
  std::vector<NamedMatch> headers;
  std::vector<NamedMatch> query_params;
  std::optional<Enum<HTTPMethod>> method;  // absent: any

  bool operator==(const HTTPRouteMatch&) const = default;
};

// 0 means no limit.
struct HTTPRouteTimeouts {
  std::optional<std::chrono::milliseconds> request;
  std::optional<std::chrono::milliseconds> backend_request;

  bool operator==(const HTTPRouteTimeouts&) const = default;
};

// Experimental (GEP-1731).
struct HTTPRouteRetry {
  std::vector<std::uint16_t> codes;
  std::optional<std::int64_t> attempts;
  std::optional<std::chrono::milliseconds> backoff;

  bool operator==(const HTTPRouteRetry&) const = default;
};

struct HTTPRouteRule {
  std::string name;                     // may be empty
  std::vector<HTTPRouteMatch> matches;  // never empty unless written so: the default is one PathPrefix /
  std::vector<RouteFilter> filters;
  std::vector<FilteredBackendRef> backend_refs;
  HTTPRouteTimeouts timeouts;
  Rare<HTTPRouteRetry> retry;
  Rare<SessionPersistence> session_persistence;

  bool operator==(const HTTPRouteRule&) const = default;
};

struct HTTPRouteSpec : CommonRouteSpec {
  std::vector<std::string> hostnames;
  std::vector<HTTPRouteRule> rules;

  bool operator==(const HTTPRouteSpec&) const = default;
};

struct HTTPRoute {
  static constexpr std::string_view kKind = "HTTPRoute";
  ObjectMeta metadata;
  HTTPRouteSpec spec;

  bool operator==(const HTTPRoute&) const = default;
};

}  // namespace cardea::api
