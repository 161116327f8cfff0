// SPDX-License-Identifier: Apache-2.0
// Objects that the API server has admitted and that we cannot decode: what is said of them in their statuses. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "api/resources.h"
#include "base/value.h"
#include "control/status_sink.h"

namespace cardea::cluster {

struct Undecodable {
  std::string why;
  std::int64_t generation = 0;
  base::Value spec;  // as it was written
};
using Undecodables = std::map<api::ObjectId, Undecodable>;

// The statuses of translation, and in those of `undecodable` that are ours Accepted False with the reason. An earlier version
// that could be decoded is served on, so the rest of its status stays; where there is none, what names us gets an entry.
control::Statuses with_undecodable(control::Statuses statuses, const Undecodables& undecodable, const api::Resources& resources,
                                   std::string_view controller_name);

}  // namespace cardea::cluster
