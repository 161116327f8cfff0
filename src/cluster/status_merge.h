// SPDX-License-Identifier: Apache-2.0
// Joins a status that we computed with the one that stands on the object (facts, 2.0): conditions of types that are not ours,
// and parents and ancestors of other controllers, stay as they are and where they are; ours are replaced or removed; a
// condition whose status did not flip keeps its lastTransitionTime. What is new of ours is added as far as the API's limits
// leave room beside the others' (32 parents, 16 ancestors, 8 conditions). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/value.h"

namespace cardea::cluster {

struct Ours {
  std::string_view controller_name;
  std::string now;  // RFC 3339
};

// `live` and `ours` are `status` members; `live` may be null. Members of the result are in the order of their names, as
// in_order() makes them, so that results can be compared.
base::Value merge_status(std::string_view kind, const base::Value& live, const base::Value& ours, const Ours& who);

// All objects in it with their members in the order of their names.
base::Value in_order(base::Value value);

// Whether anything in `status` is an entry of that controller: of routes and policies, which say so.
bool has_entries_of(const base::Value& status, std::string_view controller_name);

// The newest observedGeneration among the conditions that are ours; 0 when there is none.
std::int64_t observed_generation(std::string_view kind, const base::Value& status, std::string_view controller_name);

}  // namespace cardea::cluster
