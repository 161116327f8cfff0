// SPDX-License-Identifier: Apache-2.0
// lastTransitionTime (metav1.Condition): when a condition's status last flipped. Translation knows no clock, so whoever
// writes a status adds the times. Pure.
#pragma once

#include <string>

#include "base/value.h"

namespace cardea::standalone {

// Gives every condition in `status` (the member of that name, of any kind) the time that it has in `before`, where the
// condition stood with the same status, and else `now` (RFC 3339). `before` may be null.
void add_transition_times(base::Value& status, const base::Value* before, const std::string& now);

}  // namespace cardea::standalone
