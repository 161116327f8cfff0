// SPDX-License-Identifier: Apache-2.0
// GatewayClass: is it ours, and may Gateways use it (facts, 1.3, 2.1)?
#pragma once

#include <optional>

#include "api/gateway_class.h"
#include "api/resources.h"
#include "translate/observed.h"
#include "translate/options.h"
#include "translate/status/status.h"
#include "translate/status/vocabulary.h"

namespace cardea::translate {

bool is_ours(const api::GatewayClass& gateway_class, const Options& options);

// Why no Gateway can use it, or nothing. The class is ours.
std::optional<Problem> refusal_of(const api::GatewayClass& gateway_class, const api::Resources& resources);

api::GatewayClassStatus status_of(const api::GatewayClass& gateway_class, const api::Resources& resources, const Observed& observed,
                                  const Options& options);

}  // namespace cardea::translate
