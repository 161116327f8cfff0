// SPDX-License-Identifier: Apache-2.0
// GatewayParameters (gateway.cardea.dev/v1alpha1): our own kind. A GatewayClass (spec.parametersRef) or a Gateway
// (spec.infrastructure.parametersRef) names one to set what the Gateway API has no field for. Namespaced.
//
// The spec is kept as it was written: what may stand in it says the catalogue of settings, and what is wrong in it is a
// condition of who refers to it.
#pragma once

#include <string_view>

#include "api/meta.h"
#include "base/value.h"

namespace cardea::api {

inline constexpr std::string_view kCardeaGroup = "gateway.cardea.dev";

struct GatewayParameters {
  static constexpr std::string_view kKind = "GatewayParameters";
  ObjectMeta metadata;
  base::Value spec;  // an object

  bool operator==(const GatewayParameters&) const = default;
};

}  // namespace cardea::api
