// SPDX-License-Identifier: Apache-2.0
// Every place where a rule names a backend: its backendRefs, and the mirrors and authorizations among its filters and theirs.
// Whoever collects, shares or replaces backends asks here, so that no place is forgotten.
#pragma once

#include <variant>

#include "plan/plan.h"

namespace cardea::plan {

// Calls `visit` with everything of the rule that has a `backend` and a `fault` (const where the rule is): a BackendRef, a
// RequestMirror or an ExternalAuth.
template <class AnyRule, class Visit>
void for_each_backend_use(AnyRule& rule, Visit visit) {
  const auto in_filters = [&](auto& filters) {
    for (auto& filter : filters) {
      if (auto* mirror = std::get_if<RequestMirror>(&filter)) visit(*mirror);
      if (auto* auth = std::get_if<ExternalAuth>(&filter)) visit(*auth);
    }
  };
  in_filters(rule.filters);
  for (auto& ref : rule.backends) {
    visit(ref);
    in_filters(ref.filters);
  }
}

// Calls `visit` with each `backend` (a Ref<Backend>, const where the rule is) that is not null.
template <class AnyRule, class Visit>
void for_each_backend(AnyRule& rule, Visit visit) {
  for_each_backend_use(rule, [&](auto& use) {
    if (use.backend) visit(use.backend);
  });
}

}  // namespace cardea::plan
