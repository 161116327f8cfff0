// SPDX-License-Identifier: Apache-2.0
// The status of one object, as translation computes it: our own entries only, without transition times. Who writes it
// joins it with what stands on the object.
#pragma once

#include <cstdint>
#include <variant>

#include "api/object.h"
#include "api/status.h"
#include "base/value.h"

namespace cardea::translate {

using AnyStatus = std::variant<api::GatewayClassStatus, api::GatewayStatus, api::ListenerSetStatus, api::RouteStatus,
                               api::PolicyStatus>;

struct ObjectStatus {
  api::ObjectId object;
  std::int64_t generation = 0;  // of the object when this was computed
  // A route or policy that refers to nothing of ours has an empty status: what we wrote earlier must go.
  AnyStatus status;

  bool operator==(const ObjectStatus&) const = default;
};

// The `status` member as the API writes it.
base::Value to_value(const AnyStatus& status);

}  // namespace cardea::translate
