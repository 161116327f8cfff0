// SPDX-License-Identifier: Apache-2.0
// TCPRoute (Gateway API v1.6.1, both channels).
#pragma once

#include "api/l4_route.h"

namespace cardea::api {

struct TCPRoute {
  static constexpr std::string_view kKind = "TCPRoute";
  ObjectMeta metadata;
  L4RouteSpec spec;

  bool operator==(const TCPRoute&) const = default;
};

}  // namespace cardea::api
