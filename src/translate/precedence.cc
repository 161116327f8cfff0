// SPDX-License-Identifier: Apache-2.0
#include "translate/precedence.h"

#include <algorithm>
#include <compare>

namespace cardea::translate {
namespace {

int path_rank(plan::PathMatchType type) {
  switch (type) {
    case plan::PathMatchType::Exact: return 0;
    case plan::PathMatchType::RegularExpression: return 1;
    case plan::PathMatchType::PathPrefix: return 2;
  }
  return 3;
}

std::strong_ordering compare(const RankedMatch& a, const RankedMatch& b) {
  const plan::RouteMatch& x = a.match;
  const plan::RouteMatch& y = b.match;
  std::strong_ordering order = path_rank(x.path.type) <=> path_rank(y.path.type);
  if (order == 0) order = y.path.value.size() <=> x.path.value.size();
  if (order == 0) order = x.method.empty() <=> y.method.empty();
  if (order == 0) order = y.headers.size() <=> x.headers.size();
  if (order == 0) order = y.query_params.size() <=> x.query_params.size();
  if (order == 0) order = a.route_created <=> b.route_created;
  if (order == 0) order = x.rule->route <=> y.rule->route;
  if (order == 0) order = x.rule->index <=> y.rule->index;
  if (order == 0) order = a.match_index <=> b.match_index;
  return order;
}

}  // namespace

bool takes_precedence(const RankedMatch& a, const RankedMatch& b) { return compare(a, b) < 0; }

void sort_by_precedence(std::vector<const RankedMatch*>& matches) {
  std::ranges::sort(matches, [](const RankedMatch* a, const RankedMatch* b) { return takes_precedence(*a, *b); });
}

std::vector<plan::RouteMatch> without_ranks(const std::vector<const RankedMatch*>& matches) {
  std::vector<plan::RouteMatch> list;
  list.reserve(matches.size());
  for (const RankedMatch* match : matches) list.push_back(match->match);
  return list;
}

}  // namespace cardea::translate
