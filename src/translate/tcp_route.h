// SPDX-License-Identifier: Apache-2.0
// TCPRoute (facts, 1.8, 6.19). Not served yet: its references are resolved for its status, and no listener lets it in.
#pragma once

#include "api/tcp_route.h"
#include "translate/attach.h"
#include "translate/route_rules.h"

namespace cardea::translate {

RouteShape shape_of(const api::TCPRoute& route);
RouteFindings findings_of(const api::TCPRoute& route, Context& context);

}  // namespace cardea::translate
