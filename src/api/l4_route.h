// SPDX-License-Identifier: Apache-2.0
// What TLSRoute, TCPRoute and UDPRoute share (Gateway API v1.6.1): rules without matches.
#pragma once

#include <string>
#include <vector>

#include "api/route.h"

namespace cardea::api {

struct L4RouteRule {
  std::string name;  // may be empty
  std::vector<BackendRef> backend_refs;

  bool operator==(const L4RouteRule&) const = default;
};

struct L4RouteSpec : CommonRouteSpec {
  std::vector<L4RouteRule> rules;  // exactly one in v1, up to 16 in the alpha versions

  bool operator==(const L4RouteSpec&) const = default;
};

}  // namespace cardea::api
