// SPDX-License-Identifier: Apache-2.0
// UDPRoute (Gateway API v1.6.1, both channels).
#pragma once

#include "api/l4_route.h"

namespace cardea::api {

struct UDPRoute {
  static constexpr std::string_view kKind = "UDPRoute";
  ObjectMeta metadata;
  L4RouteSpec spec;

  bool operator==(const UDPRoute&) const = default;
};

}  // namespace cardea::api
