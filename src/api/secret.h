// SPDX-License-Identifier: Apache-2.0
// Secret (Kubernetes core/v1).
#pragma once

#include <string>
#include <string_view>

#include "api/meta.h"

namespace cardea::api {

inline constexpr std::string_view kSecretTypeTLS = "kubernetes.io/tls";

struct Secret {
  static constexpr std::string_view kKind = "Secret";
  ObjectMeta metadata;
  std::string type = "Opaque";
  StringMap data;  // bytes, no longer base64; stringData merged over it

  bool operator==(const Secret&) const = default;
};

}  // namespace cardea::api
