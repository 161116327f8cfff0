// SPDX-License-Identifier: Apache-2.0
// HTTPRoute: from its rules to ranked matches with their rules, whatever the parents (facts, 1.6, 2.5, 6.4, 6.7).
//
// A rule that cannot be served as written (an unknown or unserved filter, match type or field) is dropped, which never
// means skipped: what it surely matches is answered with 500, so that no request reaches a backend around a filter that
// was to guard it, nor another rule. This holds also when no rule of the route is left and the route is not accepted.
#pragma once

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
  api::Ref<api::HTTPRoute> route;
  std::vector<ResolvedBackend> backends;  // in the order of the references: with the route, all that the rest depends on
  std::vector<RankedMatch> matches;
  RouteFindings findings;
};

// Takes the route from the memory when nothing that it depends on changed.
std::shared_ptr<const BuiltRoute> build_http_route(const api::Ref<api::HTTPRoute>& route, Context& context);

// The first problem, and how many more there are.
std::optional<Problem> first_problem(const std::vector<ResolvedBackend>& backends);

}  // namespace cardea::translate
