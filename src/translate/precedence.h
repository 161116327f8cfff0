// SPDX-License-Identifier: Apache-2.0
// Precedence between the matches of all routes that share a hostname (HTTPRouteRule.matches, GRPCRouteRule.matches; facts,
// 6.2). Each match of a rule is ranked for itself; the first that fits a request wins:
//
//   1. The most specific hostname: decided before this file is asked, one virtual host per hostname.
//   2. An Exact path; then a RegularExpression path, the longer pattern first (the spec leaves its place open; a pattern
//      says more than a prefix and less than the path itself); then a PathPrefix, the longer first.
//   3. A match on the method before none.
//   4. More header matches.
//   5. More query parameter matches.
//   6. The older route, by creationTimestamp.
//   7. The route first in alphabetical order of "namespace/name".
//   8. The rule first in its route (and within a rule, the match first in the rule).
//
// Between matches of GRPCRoutes 2 and 3 are: more characters of the service, then of the method, where an exact name comes
// before a regular expression and that before none. Between the kinds, for requests of gRPC that both could have: service
// and method stand beside an Exact path, a service alone before every pattern, a pattern of services among the patterns, and
// the rest beside the prefix "/"; where that is equal, the GRPCRoute comes first, because it says more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "plan/plan.h"

namespace cardea::translate {

// What a GRPCRoute's match names; in the plan's match it is a path.
struct GrpcRank {
  bool exact = false;
  std::size_t service = 0;  // characters; 0: any
  std::size_t method = 0;
};

struct RankedMatch {
  plan::RouteMatch match;
  std::optional<GrpcRank> grpc;    // of a GRPCRoute
  std::int64_t route_created = 0;  // seconds since 1970
  std::uint32_t match_index = 0;   // its place in the rule's matches
};

bool takes_precedence(const RankedMatch& a, const RankedMatch& b);

void sort_by_precedence(std::vector<const RankedMatch*>& matches);

// As the plan lists them.
std::vector<plan::RouteMatch> without_ranks(const std::vector<const RankedMatch*>& matches);

}  // namespace cardea::translate
