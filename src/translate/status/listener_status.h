// SPDX-License-Identifier: Apache-2.0
// Status of one listener, of a Gateway or a ListenerSet (facts, 2.3, 2.4). Accepted says that it is sound, Programmed that
// the data plane really serves it, as it is now.
#pragma once

#include "api/status.h"
#include "translate/model.h"
#include "translate/observed.h"
#include "translate/options.h"

namespace cardea::translate {

api::ListenerStatus status_of(const ListenerModel& listener, const Observed& observed, const Options& options);

}  // namespace cardea::translate
