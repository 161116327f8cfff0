// SPDX-License-Identifier: Apache-2.0
// Condition (Kubernetes meta/v1), as statuses carry it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "api/enum.h"
#include "api/meta.h"

namespace cardea::api {

enum class ConditionStatus : std::uint8_t { True, False, Unknown };
constexpr std::string_view text_of(ConditionStatus status) {
  return status == ConditionStatus::True ? "True" : status == ConditionStatus::False ? "False" : "Unknown";
}

struct Condition {
  std::string type;
  ConditionStatus status = ConditionStatus::Unknown;
  std::string reason;
  std::string message;
  std::int64_t observed_generation = 0;
  Timestamp last_transition_time;  // set by who writes the status, not by who computes it

  bool operator==(const Condition&) const = default;
};

// At most one of a type, at most 8.
using Conditions = std::vector<Condition>;

const Condition* find_condition(const Conditions& conditions, std::string_view type);

}  // namespace cardea::api
