// SPDX-License-Identifier: Apache-2.0
#include "translate/listener.h"

#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/strings.h"
#include "translate/allowed_routes.h"
#include "translate/listener_tls.h"

namespace cardea::translate {
namespace {

void check_protocol(ListenerModel& listener, const ProtocolSupport& support) {
  if (support.served) return;
  const auto& protocol = listener.spec->protocol;
  listener.refusal = {reason::kUnsupportedProtocol, protocol.is_unknown()
                                                        ? fmt::format("protocol {} is not known", protocol.text())
                                                        : fmt::format("protocol {} is not served yet", protocol.text())};
}

void check_port(ListenerModel& listener, const Options& options) {
  const bool udp = listener.spec->protocol == api::ProtocolType::UDP;
  if (listener.refusal || udp || !options.reserved_ports.contains(listener.spec->port)) return;
  listener.refusal = {reason::kPortUnavailable,
                      fmt::format("port {} is the proxy's own (its health checks and metrics)", listener.spec->port)};
}

void check_allowed_routes(ListenerModel& listener, const ProtocolSupport& support) {
  const api::AllowedRoutes& allowed = listener.spec->allowed_routes;
  if (!listener.refusal && allowed.namespaces.from.is_unknown()) {
    listener.refusal = {reason::kUnsupportedValue,
                        fmt::format("allowedRoutes.namespaces.from {} is not known", allowed.namespaces.from.text())};
  }
  Kinds kinds = allowed_kinds(allowed.kinds, support.route_kinds);
  listener.kinds = std::move(kinds.supported);
  if (kinds.invalid.empty() || listener.unresolved) return;
  const std::string on = support.route_kinds.empty() ? "none" : fmt::format("{}", fmt::join(support.route_kinds, ", "));
  listener.unresolved = {reason::kInvalidRouteKinds,
                         fmt::format("allowedRoutes.kinds: {} cannot attach to protocol {}; served on it: {}",
                                     fmt::join(kinds.invalid, ", "), listener.spec->protocol.text(), on)};
}

}  // namespace

const ProtocolSupport& support_of(api::ProtocolType protocol) {
  using enum api::ProtocolType;
  static const std::array<ProtocolSupport, 6> table{{
      {HTTP, true, {"HTTPRoute", "GRPCRoute"}, false},
      {HTTPS, true, {"HTTPRoute", "GRPCRoute"}, true},
      {TLS, false, {}, false},
      {TCP, false, {}, false},
      {UDP, false, {}, false},
      {Unknown, false, {}, false},
  }};
  return table[static_cast<std::size_t>(protocol)];
}

ListenerModel check_listener(const api::Listener& spec, GatewayModel& gateway, ListenerSetModel* set, Context& context) {
  ListenerModel listener;
  listener.spec = &spec;
  listener.gateway = &gateway;
  listener.set = set;
  listener.hostname = base::to_lower(spec.hostname);
  const ProtocolSupport& support = support_of(spec.protocol.value);
  check_protocol(listener, support);
  check_port(listener, context.options);
  check_tls(listener, support.terminates_tls, context);
  check_allowed_routes(listener, support);
  return listener;
}

}  // namespace cardea::translate
