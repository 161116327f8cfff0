// SPDX-License-Identifier: Apache-2.0
#include "translate/l4_route.h"

namespace cardea::translate {

RouteFindings findings_of_l4(const api::L4RouteSpec& spec, const BackendUser& user, Context& context) {
  std::vector<ResolvedBackend> backends;
  for (const api::L4RouteRule& rule : spec.rules) {
    for (const auto& ref : rule.backend_refs) backends.push_back(resolve_backend(ref, user, context));
  }
  return {.rejection = {}, .dropped = {}, .unresolved = first_problem(backends)};
}

}  // namespace cardea::translate
