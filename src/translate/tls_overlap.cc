// SPDX-License-Identifier: Apache-2.0
#include "translate/tls_overlap.h"

#include <map>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "translate/listener.h"

namespace cardea::translate {
namespace {

void mark(ListenerModel& listener, const ListenerModel& other) {
  if (listener.overlaps.empty()) listener.overlaps = fmt::format("The hostname overlaps with that of {}", other.describe());
}

using ByHostname = std::map<std::pair<std::uint16_t, std::string_view>, ListenerModel*>;

// Of each listener those are asked for whose hostname covers its own, the closest first: there may be thousands.
void mark_with_wider(ListenerModel& listener, const ByHostname& listeners) {
  const auto meet = [&](std::string_view hostname) {
    const auto found = listeners.find({listener.spec->port, hostname});
    if (found == listeners.end() || found->second == &listener) return;
    mark(listener, *found->second);
    mark(*found->second, listener);
  };
  const std::string& hostname = listener.hostname;
  for (auto dot = hostname.find('.', is_wildcard(hostname) ? 2 : 0); dot != std::string::npos; dot = hostname.find('.', dot + 1)) {
    meet("*" + hostname.substr(dot));
  }
  meet("");
}

}  // namespace

void mark_overlapping_tls(GatewayModel& gateway) {
  ByHostname listeners;
  for (ListenerModel* listener : gateway.all_listeners()) {
    if (!support_of(listener->spec->protocol.value).terminates_tls || !in_plan(*listener)) continue;
    listeners.emplace(std::pair(listener->spec->port, std::string_view(listener->hostname)), listener);
  }
  for (const auto& [place, listener] : listeners) mark_with_wider(*listener, listeners);
}

}  // namespace cardea::translate
