// SPDX-License-Identifier: Apache-2.0
#include "translate/model.h"

#include <algorithm>

#include <fmt/format.h>

namespace cardea::translate {

const api::ObjectMeta& ListenerModel::owner() const { return set ? set->object->metadata : gateway->object->metadata; }

std::string_view ListenerModel::owner_kind() const { return set ? api::ListenerSet::kKind : api::Gateway::kKind; }

std::string ListenerModel::describe() const {
  return fmt::format("listener {} of {} {}", spec->name, owner_kind(), api::to_text(owner().key()));
}

bool GatewayModel::accepted() const {
  return !refusal && std::ranges::any_of(listeners, [](const ListenerModel& listener) { return !listener.refusal; });
}

std::vector<ListenerModel*> GatewayModel::all_listeners() {
  std::vector<ListenerModel*> all;
  for (ListenerModel& listener : listeners) all.push_back(&listener);
  for (const auto& set : sets) {
    for (ListenerModel& listener : set->listeners) all.push_back(&listener);
  }
  return all;
}

std::vector<const ListenerModel*> GatewayModel::all_listeners() const {
  const auto all = const_cast<GatewayModel*>(this)->all_listeners();
  return {all.begin(), all.end()};
}

bool in_plan(const ListenerModel& listener) {
  if (listener.gateway->refusal) return false;
  if (listener.set && listener.set->refusal) return false;
  return !listener.refusal || listener.keeps_hostname;
}

}  // namespace cardea::translate
