// SPDX-License-Identifier: Apache-2.0
// Namespace (Kubernetes core/v1). Cluster-scoped; only its labels matter to a gateway.
#pragma once

#include <string_view>

#include "api/meta.h"

namespace cardea::api {

struct Namespace {
  static constexpr std::string_view kKind = "Namespace";
  ObjectMeta metadata;  // always labelled kubernetes.io/metadata.name

  bool operator==(const Namespace&) const = default;
};

}  // namespace cardea::api
