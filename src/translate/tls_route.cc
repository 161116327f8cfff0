// SPDX-License-Identifier: Apache-2.0
#include "translate/tls_route.h"

#include "translate/l4_route.h"

namespace cardea::translate {

RouteShape shape_of(const api::TLSRoute& route) {
  return {api::TLSRoute::kKind, &route.metadata, &route.spec.parent_refs, &route.spec.hostnames};
}

RouteFindings findings_of(const api::TLSRoute& route, Context& context) {
  const BackendUser user{.kind = api::TLSRoute::kKind,
                         .namespace_ = route.metadata.namespace_,
                         .transport = api::TransportProtocol::TCP,
                         .speaks_http = false};
  return findings_of_l4(route.spec, user, context);
}

}  // namespace cardea::translate
