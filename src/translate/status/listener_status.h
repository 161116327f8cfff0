// SPDX-License-Identifier: Apache-2.0
// Status of one listener, of a Gateway or a ListenerSet (facts, 2.3, 2.4). Accepted says that it is sound, Programmed that
// the data plane really serves it, as it is now.
#pragma once

#include "api/status.h"
#include "translate/model.h"
#include "translate/options.h"
#include "translate/status/served.h"

namespace cardea::translate {

api::ListenerStatus status_of(const ListenerModel& listener, const ServedGateway& served, const Options& options);

}  // namespace cardea::translate
