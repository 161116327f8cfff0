// SPDX-License-Identifier: Apache-2.0
// Status of a Gateway and of its ListenerSets (facts, 2.2, 2.4).
#pragma once

#include "api/status.h"
#include "translate/model.h"
#include "translate/observed.h"
#include "translate/options.h"

namespace cardea::translate {

api::GatewayStatus status_of(const GatewayModel& gateway, const Observed& observed, const Options& options);
api::ListenerSetStatus status_of(const ListenerSetModel& set, const Observed& observed, const Options& options);

}  // namespace cardea::translate
