// SPDX-License-Identifier: Apache-2.0
#include "translate/precedence.h"

#include <algorithm>
#include <compare>
#include <limits>

namespace cardea::translate {
namespace {

// 2 and 3 of the list, for both kinds: what is less comes first.
struct PathRank {
  int form = 3;             // Exact path; service by name; pattern; prefix
  std::size_t missing = 0;  // the more characters, the less of this
  int method = 2;
  std::size_t method_missing = 0;
  auto operator<=>(const PathRank&) const = default;
};

constexpr std::size_t kLongest = std::numeric_limits<std::size_t>::max();

PathRank rank_of(const GrpcRank& grpc, const plan::PathMatch& path) {
  PathRank rank;
  const bool names_both = grpc.service > 0 && grpc.method > 0;
  rank.form = grpc.service == 0 ? 3 : !grpc.exact ? 2 : names_both ? 0 : 1;
  rank.missing = kLongest - (rank.form == 0 ? path.value.size() : std::max<std::size_t>(grpc.service, 1));
  rank.method = grpc.method == 0 ? 2 : grpc.exact ? 0 : 1;
  rank.method_missing = kLongest - grpc.method;
  return rank;
}

PathRank rank_of(const plan::RouteMatch& match) {
  PathRank rank;
  switch (match.path.type) {
    case plan::PathMatchType::Exact: rank.form = 0; break;
    case plan::PathMatchType::RegularExpression: rank.form = 2; break;
    case plan::PathMatchType::PathPrefix: rank.form = 3; break;
  }
  rank.missing = kLongest - match.path.value.size();
  rank.method = match.method.empty() ? 4 : 3;
  return rank;
}

PathRank rank_of(const RankedMatch& match) {
  return match.grpc ? rank_of(*match.grpc, match.match.path) : rank_of(match.match);
}

std::strong_ordering compare(const RankedMatch& a, const RankedMatch& b) {
  const plan::RouteMatch& x = a.match;
  const plan::RouteMatch& y = b.match;
  std::strong_ordering order = rank_of(a) <=> rank_of(b);
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
