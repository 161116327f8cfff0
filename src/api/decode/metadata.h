// SPDX-License-Identifier: Apache-2.0
// Object metadata (Kubernetes meta/v1).
#pragma once

#include "api/decode/fields.h"
#include "api/meta.h"

namespace cardea::api {

struct MetadataRule {
  bool cluster_scoped = false;
  TextRule name;
};
void read_value(const Node& node, ObjectMeta& out, const MetadataRule& rule);

void read_value(const Node& node, Timestamp& out);

}  // namespace cardea::api
