// SPDX-License-Identifier: Apache-2.0
#include "translate/tls_overlap.h"

#include <fmt/format.h>

#include "translate/listener.h"

namespace cardea::translate {
namespace {

bool overlap(const ListenerModel& a, const ListenerModel& b) {
  if (a.spec->port != b.spec->port) return false;
  return covers(a.hostname, b.hostname) || covers(b.hostname, a.hostname);
}

}  // namespace

void mark_overlapping_tls(GatewayModel& gateway) {
  std::vector<ListenerModel*> with_tls;
  for (ListenerModel* listener : gateway.all_listeners()) {
    if (support_of(listener->spec->protocol.value).terminates_tls && in_plan(*listener)) with_tls.push_back(listener);
  }
  for (ListenerModel* listener : with_tls) {
    for (const ListenerModel* other : with_tls) {
      if (other == listener || !overlap(*listener, *other)) continue;
      listener->overlaps = fmt::format("The hostname overlaps with that of {}", other->describe());
      break;
    }
  }
}

}  // namespace cardea::translate
