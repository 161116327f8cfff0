// SPDX-License-Identifier: Apache-2.0
#include "translate/tcp_route.h"

#include "translate/l4_route.h"

namespace cardea::translate {

RouteShape shape_of(const api::TCPRoute& route) {
  return {api::TCPRoute::kKind, &route.metadata, &route.spec.parent_refs, nullptr};
}

RouteFindings findings_of(const api::TCPRoute& route, Context& context) {
  const BackendUser user{.kind = api::TCPRoute::kKind,
                         .namespace_ = route.metadata.namespace_,
                         .transport = api::TransportProtocol::TCP,
                         .speaks_http = false};
  return findings_of_l4(route.spec, user, context);
}

}  // namespace cardea::translate
