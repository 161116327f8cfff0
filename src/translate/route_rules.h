// SPDX-License-Identifier: Apache-2.0
// What HTTPRoute and GRPCRoute share: from a route's rules to ranked matches with their rules, whatever the parents
// (facts, 1.6, 1.7, 2.5, 6.4, 6.7).
//
// A rule that cannot be served as written (an unknown or unserved filter, match type or field) is dropped, which never
// means skipped: what it surely matches is answered with 500, so that no request reaches a backend around a filter that
// was to guard it, nor another rule. This holds also when no rule of the route is left and the route is not accepted.
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/object.h"
#include "translate/backend_ref.h"
#include "translate/precedence.h"
#include "translate/status/vocabulary.h"

namespace cardea::translate {

// What a route of any kind is told, whatever the parent.
struct RouteFindings {
  std::optional<Problem> rejection;   // Accepted is False: no rule can be served
  std::string dropped;                // PartiallyInvalid is True, with this message
  std::optional<Problem> unresolved;  // ResolvedRefs is False
};

struct BuiltRoute {
  std::shared_ptr<const void> object;     // keeps alive what the matches were made of
  std::vector<ResolvedBackend> backends;  // in the order of the references: with the route, all that the rest depends on
  std::vector<RankedMatch> matches;
  RouteFindings findings;
};

// A rule while it is made.
struct DraftRule {
  plan::Rule rule;
  std::vector<RankedMatch> matches;
  std::optional<Problem> problem;  // the first: the rule is dropped

  void note(Problem found) {
    if (!problem) problem = std::move(found);
  }
  void add(std::expected<plan::RouteMatch, Problem> match, std::uint32_t index, std::optional<GrpcRank> grpc = {});
};

// A route of either kind, as the shared steps see it.
struct RouteSource {
  std::shared_ptr<const void> object;
  const api::ObjectMeta* metadata = nullptr;
  plan::RouteKind kind = plan::RouteKind::HTTPRoute;
  BackendUser user;
  struct Rule {
    const std::string* name = nullptr;
    const std::vector<api::RouteFilter>* filters = nullptr;
    const std::vector<api::FilteredBackendRef>* backend_refs = nullptr;
  };
  std::size_t rules = 0;
  std::function<Rule(std::size_t index)> rule;
  // Fills in what only this kind has: matches, in the order of the rule; time-outs and the like.
  std::function<void(std::size_t index, DraftRule& draft)> draft;
};

// Takes the route from the memory when nothing that it depends on changed.
std::shared_ptr<const BuiltRoute> build_route(const RouteSource& source, Context& context);

// The first problem, and how many more there are.
std::optional<Problem> first_problem(const std::vector<ResolvedBackend>& backends);

}  // namespace cardea::translate
