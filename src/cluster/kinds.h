// SPDX-License-Identifier: Apache-2.0
// The kinds that the controller reads from the API server, and how.
#pragma once

#include <array>
#include <span>
#include <string_view>

#include "kube/resource_type.h"

namespace cardea::cluster {

struct KindRule {
  std::string_view kind;
  std::string_view group;
  std::string_view plural;
  std::array<std::string_view, 3> versions;  // that we decode, the best one first; empty ones stand for none
  bool namespaced = true;
  // Its kind comes as a CustomResourceDefinition, which may be missing or older; otherwise it is always there.
  bool optional = false;
  // We write its status.
  bool has_status = false;
  // Only those that other objects refer to are held: of all others we see no more than metadata.
  bool only_referenced = false;
};

std::span<const KindRule> kinds();
const KindRule* find_kind(std::string_view kind);
// In the best version; of a kind that is always there, that is the one that is served.
kube::ResourceType first_type(const KindRule& rule);

}  // namespace cardea::cluster
