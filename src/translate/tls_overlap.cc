// SPDX-License-Identifier: Apache-2.0
#include "translate/tls_overlap.h"

#include <map>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "translate/listener.h"

namespace cardea::translate {
namespace {

// The first thing found stands; hostnames are looked at before certificates.
void mark(ListenerModel& listener, const ListenerModel& other, std::string_view why, std::string_view what) {
  if (!listener.overlaps) listener.overlaps = Problem{why, fmt::format("The {} overlaps with that of {}", what, other.describe())};
}

void mark_hostnames(ListenerModel& one, ListenerModel& other) {
  mark(one, other, reason::kOverlappingHostnames, "hostname");
  mark(other, one, reason::kOverlappingHostnames, "hostname");
}

using ByHostname = std::map<std::pair<std::uint16_t, std::string_view>, ListenerModel*>;

// Of each listener those are asked for whose hostname covers its own, the closest first: there may be thousands.
void mark_with_wider(ListenerModel& listener, const ByHostname& listeners) {
  const auto meet = [&](std::string_view hostname) {
    const auto found = listeners.find({listener.spec->port, hostname});
    if (found == listeners.end() || found->second == &listener) return;
    mark_hostnames(listener, *found->second);
  };
  const std::string& hostname = listener.hostname;
  for (auto dot = hostname.find('.', is_wildcard(hostname) ? 2 : 0); dot != std::string::npos; dot = hostname.find('.', dot + 1)) {
    meet("*" + hostname.substr(dot));
  }
  meet("");
}

// A certificate's wildcard stands for one label (RFC 9525 section 6.3). The first listener with a name meets all others.
void mark_certificates(ListenerModel& listener, const ByHostname& first_with) {
  const auto meet = [&](std::string_view name) {
    const auto found = first_with.find({listener.spec->port, name});
    if (found == first_with.end() || found->second == &listener) return;
    mark(listener, *found->second, reason::kOverlappingCertificates, "certificate");
    mark(*found->second, listener, reason::kOverlappingCertificates, "certificate");
  };
  for (const std::string& name : listener.certificate_names) {
    meet(name);
    const auto dot = name.find('.');
    if (!is_wildcard(name) && dot != std::string::npos) meet("*" + name.substr(dot));
  }
}

}  // namespace

void mark_overlapping_tls(GatewayModel& gateway) {
  ByHostname by_hostname;
  ByHostname by_certificate;
  std::vector<ListenerModel*> listeners;
  for (ListenerModel* listener : gateway.all_listeners()) {
    if (!support_of(listener->spec->protocol.value).terminates_tls || !in_plan(*listener)) continue;
    listeners.push_back(listener);
    by_hostname.emplace(std::pair(listener->spec->port, std::string_view(listener->hostname)), listener);
    for (const std::string& name : listener->certificate_names) {
      by_certificate.emplace(std::pair(listener->spec->port, std::string_view(name)), listener);
    }
  }
  for (ListenerModel* listener : listeners) mark_with_wider(*listener, by_hostname);
  for (ListenerModel* listener : listeners) mark_certificates(*listener, by_certificate);
}

}  // namespace cardea::translate
