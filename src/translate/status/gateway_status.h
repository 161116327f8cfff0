// SPDX-License-Identifier: Apache-2.0
// Status of a Gateway and of its ListenerSets (facts, 2.2, 2.4).
#pragma once

#include "api/status.h"
#include "translate/model.h"
#include "translate/options.h"
#include "translate/status/served.h"

namespace cardea::translate {

api::GatewayStatus status_of(const GatewayModel& gateway, const ServedGateway& served, const Options& options);
api::ListenerSetStatus status_of(const ListenerSetModel& set, const ServedGateway& served, const Options& options);

}  // namespace cardea::translate
