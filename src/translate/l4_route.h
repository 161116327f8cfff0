// SPDX-License-Identifier: Apache-2.0
// What TLSRoute, TCPRoute and UDPRoute share: rules that are lists of backendRefs (facts, 1.8, 6.19).
#pragma once

#include "api/l4_route.h"
#include "translate/route_rules.h"

namespace cardea::translate {

RouteFindings findings_of_l4(const api::L4RouteSpec& spec, const BackendUser& user, Context& context);

}  // namespace cardea::translate
