// SPDX-License-Identifier: Apache-2.0
// Every place where a rule names a backend: its backendRefs, and the mirrors among its filters and theirs. Whoever
// collects, shares or replaces backends asks here, so that no place is forgotten.
#pragma once

#include <variant>

#include "plan/plan.h"

namespace cardea::plan {

// Calls `visit` with each `backend` (a Ref<Backend>, const where the rule is) that is not null.
template <class AnyRule, class Visit>
void for_each_backend(AnyRule& rule, Visit visit) {
  const auto in_filters = [&](auto& filters) {
    for (auto& filter : filters) {
      auto* mirror = std::get_if<RequestMirror>(&filter);
      if (mirror && mirror->backend) visit(mirror->backend);
    }
  };
  in_filters(rule.filters);
  for (auto& ref : rule.backends) {
    if (ref.backend) visit(ref.backend);
    in_filters(ref.filters);
  }
}

}  // namespace cardea::plan
