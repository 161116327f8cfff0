// SPDX-License-Identifier: Apache-2.0
// ConfigMap (Kubernetes core/v1).
#pragma once

#include <string>
#include <string_view>

#include "api/meta.h"

namespace cardea::api {

struct ConfigMap {
  static constexpr std::string_view kKind = "ConfigMap";
  ObjectMeta metadata;
  StringMap data;
  StringMap binary_data;  // bytes, no longer base64

  bool operator==(const ConfigMap&) const = default;
};

}  // namespace cardea::api
