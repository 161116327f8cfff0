// SPDX-License-Identifier: Apache-2.0
// GRPCRoute (facts, 1.7): what only this kind has; route_rules.h has the rest. In the plan a match on service and method is
// a match on the path "/service/method", for requests of gRPC alone (RouteKind says so to the data plane).
#pragma once

#include "api/grpc_route.h"
#include "translate/attach.h"
#include "translate/route_rules.h"

namespace cardea::translate {

RouteShape shape_of(const api::GRPCRoute& route);

std::shared_ptr<const BuiltRoute> build_route(const api::Ref<api::GRPCRoute>& route, Context& context);

}  // namespace cardea::translate
