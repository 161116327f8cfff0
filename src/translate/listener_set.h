// SPDX-License-Identifier: Apache-2.0
// ListenerSets of a Gateway: which there are, and which it lets in (facts, 1.5, 2.4).
#pragma once

#include <vector>

#include "translate/context.h"
#include "translate/model.h"

namespace cardea::translate {

// The sets that name each of our Gateways, in the order of precedence: older first, then by namespace and name.
class ListenerSets {
 public:
  explicit ListenerSets(const api::Resources& resources);
  const std::vector<const api::ListenerSet*>& of(const api::Gateway& gateway) const;

 private:
  std::map<api::ObjectKey, std::vector<const api::ListenerSet*>> by_gateway_;
};

// The set with its listeners checked; one that is not allowed has none. The Gateway is decided already.
std::unique_ptr<ListenerSetModel> check_listener_set(const api::ListenerSet& set, GatewayModel& gateway, Context& context);

}  // namespace cardea::translate
