// SPDX-License-Identifier: Apache-2.0
#include "proxy/route_table.h"

#include <algorithm>
#include <tuple>

namespace cardea::proxy {

const CompiledRule* CompiledListener::match_route(const http::RequestHead& request, http::TextArena& arena,
                                                  const Announced* announced) const {
  HostIndex::Found found;
  index_.find(request.host, found);
  for (const std::uint32_t position : found) {
    if (const CompiledRule* rule = hosts_[position]->match(request, arena, announced)) return rule;
  }
  return nullptr;
}

const CompiledListener* Bind::listener_for_sni(std::string_view sni) const {
  const std::uint32_t found = index_.best(sni);
  return found == HostIndex::kNone ? nullptr : listeners_[found].get();
}

const CompiledListener* Bind::entitled(const TlsIdentity& identity) const {
  const CompiledListener* listener = listener_for_sni(identity.sni);
  return listener && listener->id() == identity.listener_id ? listener : nullptr;
}

ListenerChoice Bind::choose(std::string_view host, const CompiledListener* connection) const {
  const std::uint32_t found = index_.best(host);
  if (found == HostIndex::kNone) return {nullptr, Reason::NoListener};
  const CompiledListener* best = listeners_[found].get();
  if (tls_ && best != connection) return {nullptr, Reason::Misdirected};
  return {best, Reason::None};
}

const Bind* RouteTable::find_bind(std::string_view address, std::uint16_t port) const {
  const auto key = std::tuple(address, port);
  const auto key_of = [](const Bind& bind) { return std::tuple(std::string_view(bind.address()), bind.port()); };
  const auto found = std::ranges::lower_bound(binds_, key, {}, key_of);
  return found != binds_.end() && key_of(*found) == key ? &*found : nullptr;
}

}  // namespace cardea::proxy
