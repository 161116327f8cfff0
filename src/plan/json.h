// SPDX-License-Identifier: Apache-2.0
// The JSON form of a plan: one form for golden tests, the admin page and the stream from controller to proxy.
//
// What equals its default is left out. Members have a fixed order, lists keep theirs. Rules and backends stand once
// and are named where they are used, so reading restores the sharing. Hashes are not written: reading seals again.
// Only sealed plans (hash.h) can be written.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "base/value.h"
#include "plan/plan.h"

namespace cardea::plan {

enum class Redact : std::uint8_t { No, Yes };  // Yes: private keys are replaced by the word "redacted"

base::Value to_value(const Plan& plan, Redact redact = Redact::No);
base::Value to_value(const PlanSet& plans, Redact redact = Redact::No);

// Strict: an unknown member, a wrong type or a name that nothing defines is an error that names the path and, where
// the value was read from a text, the line and column.
base::Result<Ref<Plan>> from_value(const base::Value& value);

}  // namespace cardea::plan
