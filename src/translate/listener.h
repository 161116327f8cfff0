// SPDX-License-Identifier: Apache-2.0
// Is a listener, of a Gateway or a ListenerSet, valid for itself (facts, 1.4, 2.3)? Conflicts with others are
// listener_conflict's business, attachment is attach's.
#pragma once

#include <string_view>
#include <vector>

#include "translate/context.h"
#include "translate/model.h"

namespace cardea::translate {

// What this version does with a protocol. One row a protocol: to serve one more is to change its row.
struct ProtocolSupport {
  api::ProtocolType protocol;
  bool served;
  std::vector<std::string_view> route_kinds;  // that may attach
  bool terminates_tls;
};
const ProtocolSupport& support_of(api::ProtocolType protocol);

// A listener with everything that can be said of it alone.
ListenerModel check_listener(const api::Listener& spec, GatewayModel& gateway, ListenerSetModel* set, Context& context);

}  // namespace cardea::translate
