// SPDX-License-Identifier: Apache-2.0
// ReferenceGrant (Gateway API v1.6.1). It has no status.
#pragma once

#include <string>
#include <vector>

#include "api/meta.h"

namespace cardea::api {

struct ReferenceGrantFrom {
  std::string group;
  std::string kind;
  std::string namespace_;

  bool operator==(const ReferenceGrantFrom&) const = default;
};

struct ReferenceGrantTo {
  std::string group;
  std::string kind;
  std::string name;  // empty: every object of that kind

  bool operator==(const ReferenceGrantTo&) const = default;
};

struct ReferenceGrantSpec {
  std::vector<ReferenceGrantFrom> from;
  std::vector<ReferenceGrantTo> to;

  bool operator==(const ReferenceGrantSpec&) const = default;
};

struct ReferenceGrant {
  static constexpr std::string_view kKind = "ReferenceGrant";
  ObjectMeta metadata;
  ReferenceGrantSpec spec;

  bool operator==(const ReferenceGrant&) const = default;
};

}  // namespace cardea::api
