// SPDX-License-Identifier: Apache-2.0
// GRPCRoute (facts, 1.7). Not served yet: its references are resolved for its status, and no listener lets it in.
#pragma once

#include "api/grpc_route.h"
#include "translate/attach.h"
#include "translate/http_route.h"

namespace cardea::translate {

RouteShape shape_of(const api::GRPCRoute& route);
RouteFindings findings_of(const api::GRPCRoute& route, Context& context);

}  // namespace cardea::translate
