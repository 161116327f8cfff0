// SPDX-License-Identifier: Apache-2.0
#include "api/condition.h"

namespace cardea::api {

const Condition* find_condition(const Conditions& conditions, std::string_view type) {
  for (const Condition& condition : conditions) {
    if (condition.type == type) return &condition;
  }
  return nullptr;
}

}  // namespace cardea::api
