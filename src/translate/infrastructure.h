// SPDX-License-Identifier: Apache-2.0
// spec.infrastructure of a Gateway (facts, 1.4). Labels and annotations are for whoever makes objects for the Gateway;
// translation judges the parameters: what it does not understand, it must not ignore.
#pragma once

#include <optional>

#include "api/gateway.h"
#include "translate/status/vocabulary.h"

namespace cardea::translate {

std::optional<Problem> check_infrastructure(const api::GatewaySpec& spec);

}  // namespace cardea::translate
