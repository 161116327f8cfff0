// SPDX-License-Identifier: Apache-2.0
// ReferenceGrant: may an object of one namespace refer to one of another (facts, 6.11)? Asked before the target is looked
// for, so that an answer never tells whether a thing exists that the asker may not see.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "api/resources.h"

namespace cardea::translate {

struct Referrer {
  std::string_view group = api::kGatewayGroup;
  std::string_view kind;
  std::string_view namespace_;
};

struct Target {
  std::string_view group;
  std::string_view kind;
  std::string_view namespace_;
  std::string_view name;
};

class ReferenceGrants {
 public:
  // Refers into `resources`, which must outlive it.
  explicit ReferenceGrants(const api::Resources& resources);

  // Within one namespace always; across, when any grant there names both sides.
  bool permit(const Referrer& from, const Target& to) const;

 private:
  std::map<std::string, std::vector<const api::ReferenceGrant*>, std::less<>> by_namespace_;
};

}  // namespace cardea::translate
