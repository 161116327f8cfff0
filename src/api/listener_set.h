// SPDX-License-Identifier: Apache-2.0
// ListenerSet (Gateway API v1.6.1).
#pragma once

#include <vector>

#include "api/listener.h"

namespace cardea::api {

struct ListenerSetSpec {
  ParentGatewayReference parent_ref;
  std::vector<Listener> listeners;

  bool operator==(const ListenerSetSpec&) const = default;
};

struct ListenerSet {
  static constexpr std::string_view kKind = "ListenerSet";
  ObjectMeta metadata;
  ListenerSetSpec spec;

  bool operator==(const ListenerSet&) const = default;
};

}  // namespace cardea::api
