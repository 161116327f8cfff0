// SPDX-License-Identifier: Apache-2.0
// GatewayClass (Gateway API v1.6.1). Cluster-scoped.
#pragma once

#include <optional>
#include <string>

#include "api/meta.h"
#include "api/references.h"

namespace cardea::api {

struct GatewayClassSpec {
  std::string controller_name;
  std::optional<ObjectReference> parameters_ref;
  std::string description;

  bool operator==(const GatewayClassSpec&) const = default;
};

struct GatewayClass {
  static constexpr std::string_view kKind = "GatewayClass";
  ObjectMeta metadata;
  GatewayClassSpec spec;

  bool operator==(const GatewayClass&) const = default;
};

}  // namespace cardea::api
