// SPDX-License-Identifier: Apache-2.0
#include "translate/udp_route.h"

#include "translate/l4_route.h"

namespace cardea::translate {

RouteShape shape_of(const api::UDPRoute& route) {
  return {api::UDPRoute::kKind, &route.metadata, &route.spec.parent_refs, nullptr};
}

RouteFindings findings_of(const api::UDPRoute& route, Context& context) {
  const BackendUser user{.kind = api::UDPRoute::kKind,
                         .namespace_ = route.metadata.namespace_,
                         .transport = api::TransportProtocol::UDP,
                         .speaks_http = false};
  return findings_of_l4(route.spec, user, context);
}

}  // namespace cardea::translate
