// SPDX-License-Identifier: Apache-2.0
// Precedence between the matches of all routes that share a hostname (HTTPRouteRule.matches; facts, 6.2). Each match of
// a rule is ranked for itself; the first that fits a request wins:
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
#pragma once

#include <cstdint>
#include <vector>

#include "plan/plan.h"

namespace cardea::translate {

struct RankedMatch {
  plan::RouteMatch match;
  std::int64_t route_created = 0;  // seconds since 1970
  std::uint32_t match_index = 0;   // its place in the rule's matches
};

bool takes_precedence(const RankedMatch& a, const RankedMatch& b);

void sort_by_precedence(std::vector<const RankedMatch*>& matches);

// As the plan lists them.
std::vector<plan::RouteMatch> without_ranks(const std::vector<const RankedMatch*>& matches);

}  // namespace cardea::translate
