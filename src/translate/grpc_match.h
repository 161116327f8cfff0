// SPDX-License-Identifier: Apache-2.0
// Matches of a GRPCRoute's rules (facts, 1.7), as matches on the path of gRPC over HTTP/2: "/" service "/" method.
#pragma once

#include <expected>

#include "api/grpc_route.h"
#include "plan/plan.h"
#include "translate/precedence.h"
#include "translate/status/vocabulary.h"

namespace cardea::translate {

//   service  method              becomes
//   Exact    Exact               Exact "/service/method"
//   Exact    none                PathPrefix "/service"
//   none     Exact               RegularExpression "/[^/]+/method"
//   RegularExpression, or none   RegularExpression "/(?:service)/(?:method)"
//   none     none                PathPrefix "/"
// The match without its rule; or why it cannot be served: an unknown type, a bad name or regular expression.
std::expected<plan::RouteMatch, Problem> translate_match(const api::GRPCRouteMatch& match);

GrpcRank rank_of(const api::GRPCRouteMatch& match);

}  // namespace cardea::translate
