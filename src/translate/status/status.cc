// SPDX-License-Identifier: Apache-2.0
#include "translate/status/status.h"

#include "api/status_value.h"

namespace cardea::translate {

base::Value to_value(const AnyStatus& status) {
  return std::visit([](const auto& of_kind) { return api::to_value(of_kind); }, status);
}

}  // namespace cardea::translate
