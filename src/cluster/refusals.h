// SPDX-License-Identifier: Apache-2.0
// What proxies could not take over stands in a condition of the Gateway (translate/status/gateway_status); here it is also
// said to who watches, as an Event. Control thread, the leader alone.
#pragma once

#include "api/resources.h"
#include "cluster/events.h"
#include "translate/observed.h"

namespace cardea::cluster {

// After each translation. The same is said once, and again when it went away and came back.
void tell_refusals(Events& events, const api::Resources& resources, const translate::Observed& observed);

}  // namespace cardea::cluster
