// SPDX-License-Identifier: Apache-2.0
// Status of a route of any kind, for each parent that is ours (facts, 2.5).
#pragma once

#include <vector>

#include "api/status.h"
#include "translate/attach.h"
#include "translate/http_route.h"
#include "translate/options.h"

namespace cardea::translate {

api::RouteStatus status_of(const RouteShape& route, const std::vector<ParentOutcome>& outcomes, const RouteFindings& findings,
                           const Options& options);

}  // namespace cardea::translate
