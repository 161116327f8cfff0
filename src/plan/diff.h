// SPDX-License-Identifier: Apache-2.0
// What changed from one plan of a Gateway to the next, found by hashes alone. Pure.
#pragma once

#include <compare>
#include <string>
#include <vector>

#include "plan/plan.h"

namespace cardea::plan {

// What a listener is across plans, whatever its content.
struct ListenerId {
  bool from_listener_set = false;
  ObjectName owner;
  std::string name;
  auto operator<=>(const ListenerId&) const = default;
};
ListenerId id_of(const Listener& listener);

struct Difference {
  bool routing = false;
  bool endpoints = false;
  bool secrets = false;
  bool settings = false;

  // In the order of the plan that has them.
  std::vector<ListenerId> listeners_added;
  std::vector<ListenerId> listeners_changed;
  std::vector<ListenerId> listeners_removed;
  // Ids whose endpoints, certificate or CA bundle were added, changed or removed; sorted.
  std::vector<std::string> backends;
  std::vector<std::string> certificates;
  std::vector<std::string> ca_bundles;

  bool empty() const { return !routing && !endpoints && !secrets && !settings; }
};

Difference diff(const Plan& previous, const Plan& next);

// `next`, with every part that `previous` also holds replaced by the previous pointer. The result equals `next`; one
// Rule, Backend or VirtualHost of equal content is then one object, also within the plan.
Ref<Plan> share(const Plan& previous, const Ref<Plan>& next);

}  // namespace cardea::plan
