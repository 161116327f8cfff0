// SPDX-License-Identifier: Apache-2.0
#include "translate/listener_conflict.h"

#include <algorithm>

#include <fmt/format.h>

#include "translate/listener.h"

namespace cardea::translate {
namespace {

using api::ProtocolType;

void refuse(ListenerModel& listener, Clash clash, const ListenerModel& other) {
  listener.conflicted = true;
  listener.keeps_hostname = false;
  if (clash == Clash::Protocol) {
    listener.refusal = {reason::kProtocolConflict,
                        fmt::format("port {} is used with protocol {} by {}", listener.spec->port,
                                    other.spec->protocol.text(), other.describe())};
  } else {
    listener.refusal = {reason::kHostnameConflict,
                        fmt::format("port {} is used with the same hostname by {}", listener.spec->port, other.describe())};
  }
}

bool takes_part(const ListenerModel& listener) { return support_of(listener.spec->protocol.value).served; }

Problem unavailable(const ListenerModel& listener, const ListenerModel& other, Clash clash) {
  const std::uint16_t port = listener.spec->port;
  if (clash == Clash::None) {
    return {reason::kPortUnavailable, fmt::format("port {} is bound as the same port of the machine as port {} of {}", port,
                                                  other.spec->port, other.describe())};
  }
  return {reason::kPortUnavailable,
          fmt::format("port {} is taken, with {}, by {}", port,
                      clash == Clash::Protocol ? "another protocol" : "the same hostname", other.describe())};
}

}  // namespace

Clash clash_between(const ListenerModel& a, const ListenerModel& b) {
  const ProtocolType left = a.spec->protocol.value;
  const ProtocolType right = b.spec->protocol.value;
  if (a.spec->port != b.spec->port || left == ProtocolType::Unknown || right == ProtocolType::Unknown) return Clash::None;
  if ((left == ProtocolType::UDP) != (right == ProtocolType::UDP)) return Clash::None;
  if (left != right || left == ProtocolType::TCP || left == ProtocolType::UDP) return Clash::Protocol;
  return a.hostname == b.hostname ? Clash::Hostname : Clash::None;
}

void refuse_indistinct(std::vector<ListenerModel>& listeners) {
  struct Found {
    ListenerModel* listener;
    Clash clash;
    const ListenerModel* other;
  };
  std::vector<Found> found;
  for (ListenerModel& listener : listeners) {
    for (const ListenerModel& other : listeners) {
      if (&other == &listener || !takes_part(listener) || !takes_part(other)) continue;
      const Clash clash = clash_between(listener, other);
      if (clash == Clash::None) continue;
      found.push_back({&listener, clash, &other});
      break;
    }
  }
  for (const Found& conflict : found) refuse(*conflict.listener, conflict.clash, *conflict.other);
}

std::uint16_t bind_port_of(const ListenerModel& listener, const Options& options) {
  const auto mapped = options.port_map.find(listener.spec->port);
  return mapped == options.port_map.end() ? listener.spec->port : mapped->second;
}

bool Claims::shares_address(const ListenerModel& a, const ListenerModel& b) const {
  if (a.gateway == b.gateway) return true;
  if (!options_.shared_machine) return false;
  const auto& left = a.gateway->addresses.empty() ? options_.bind_addresses : a.gateway->addresses;
  const auto& right = b.gateway->addresses.empty() ? options_.bind_addresses : b.gateway->addresses;
  return std::ranges::any_of(left, [&](const std::string& one) { return std::ranges::find(right, one) != right.end(); });
}

// Different ports of the spec that --port-map brings to one port of the machine.
bool Claims::mapped_together(const ListenerModel& a, const ListenerModel& b) const {
  const bool one_transport = (a.spec->protocol == ProtocolType::UDP) == (b.spec->protocol == ProtocolType::UDP);
  return one_transport && a.spec->port != b.spec->port && bind_port_of(a, options_) == bind_port_of(b, options_);
}

// Indistinct listeners of a Gateway are not served, and yet no set of that Gateway gets what they quarrel about.
bool Claims::may_meet(const ListenerModel& listener, const ListenerModel& claimed) const {
  return shares_address(listener, claimed) && (!claimed.conflicted || listener.gateway == claimed.gateway);
}

Claims::Taken Claims::find_taken(const ListenerModel& listener, const Port& port) const {
  for (const ListenerModel* other : port.kinds) {
    if (!may_meet(listener, *other)) continue;
    const Clash clash = clash_between(listener, *other);
    if (clash == Clash::Protocol || mapped_together(listener, *other)) return {other, clash};
  }
  const auto same_hostname = port.by_hostname.find(listener.hostname);
  if (same_hostname == port.by_hostname.end()) return {};
  for (const ListenerModel* other : same_hostname->second) {
    if (may_meet(listener, *other) && clash_between(listener, *other) == Clash::Hostname) return {other, Clash::Hostname};
  }
  return {};
}

void Claims::add(const ListenerModel& listener, Port& port) {
  port.by_hostname[listener.hostname].push_back(&listener);
  const bool known = std::ranges::any_of(port.kinds, [&](const ListenerModel* other) {
    return other->gateway == listener.gateway && other->conflicted == listener.conflicted &&
           other->spec->port == listener.spec->port && other->spec->protocol == listener.spec->protocol;
  });
  if (!known) port.kinds.push_back(&listener);
}

void Claims::claim(ListenerModel& listener) {
  const bool known = takes_part(listener);
  Port& port = by_bind_port_[bind_port_of(listener, options_)];
  if (listener.conflicted) return add(listener, port);
  if (known && listener.refusal && !listener.keeps_hostname) return;
  const Taken taken = find_taken(listener, port);
  if (!taken.by) {
    if (known) add(listener, port);
  } else if (taken.clash != Clash::None && listener.gateway == taken.by->gateway) {
    refuse(listener, taken.clash, *taken.by);
  } else if (known) {
    listener.keeps_hostname = false;
    listener.refusal = unavailable(listener, *taken.by, taken.clash);
  }
}

}  // namespace cardea::translate
