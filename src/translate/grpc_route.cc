// SPDX-License-Identifier: Apache-2.0
#include "translate/grpc_route.h"

namespace cardea::translate {

RouteShape shape_of(const api::GRPCRoute& route) {
  return {api::GRPCRoute::kKind, &route.metadata, &route.spec.parent_refs, &route.spec.hostnames};
}

RouteFindings findings_of(const api::GRPCRoute& route, Context& context) {
  // A GRPCRoute speaks HTTP/2 to its backends whatever their appProtocol says.
  const BackendUser user{.kind = api::GRPCRoute::kKind, .namespace_ = route.metadata.namespace_, .speaks_http = false};
  std::vector<ResolvedBackend> backends;
  for (const api::GRPCRouteRule& rule : route.spec.rules) {
    for (const auto& ref : rule.backend_refs) backends.push_back(resolve_backend(ref, user, context));
    for (const auto& filter : rule.filters) {
      const auto* mirror = std::get_if<api::HTTPRequestMirrorFilter>(&filter.config);
      if (mirror) backends.push_back(resolve_backend(mirror->backend_ref, user, context));
    }
  }
  return {.rejection = {}, .dropped = {}, .unresolved = first_problem(backends)};
}

}  // namespace cardea::translate
