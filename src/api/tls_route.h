// SPDX-License-Identifier: Apache-2.0
// TLSRoute (Gateway API v1.6.1, both channels).
#pragma once

#include <string>
#include <vector>

#include "api/l4_route.h"

namespace cardea::api {

struct TLSRouteSpec : L4RouteSpec {
  std::vector<std::string> hostnames;  // server names; empty only in v1alpha2

  bool operator==(const TLSRouteSpec&) const = default;
};

struct TLSRoute {
  static constexpr std::string_view kKind = "TLSRoute";
  ObjectMeta metadata;
  TLSRouteSpec spec;

  bool operator==(const TLSRoute&) const = default;
};

}  // namespace cardea::api
