// SPDX-License-Identifier: Apache-2.0
// GatewayParameters by parametersRef, of a class and of a Gateway (facts, 1.3, 1.4): what they set, checked against the
// catalogue of settings (plan/setting.h). The class's come first; where the Gateway's set the same, the Gateway's count.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "api/gateway.h"
#include "api/gateway_class.h"
#include "api/resources.h"
#include "plan/plan.h"
#include "translate/status/vocabulary.h"

namespace cardea::translate {

struct Parameters {
  std::vector<plan::Setting> settings;  // sorted by name
  std::optional<Problem> problem;       // InvalidParameters: nothing of them counts
};

Parameters parameters_of(const api::GatewayClass& gateway_class, const api::Resources& resources);
Parameters parameters_of(const api::Gateway& gateway, const api::Resources& resources);

// Both together, with the rules between settings.
Parameters merge(const Parameters& of_class, const Parameters& of_gateway);

}  // namespace cardea::translate
