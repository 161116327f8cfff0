// SPDX-License-Identifier: Apache-2.0
#include "translate/listener_set.h"

#include <algorithm>

#include <fmt/format.h>

#include "translate/allowed_routes.h"
#include "translate/listener.h"

namespace cardea::translate {

ListenerSets::ListenerSets(const api::Resources& resources) {
  for (const auto& set : resources.all<api::ListenerSet>()) {
    const api::ParentGatewayReference& ref = set->spec.parent_ref;
    if (ref.group != api::kGatewayGroup || ref.kind != api::Gateway::kKind) continue;
    by_gateway_[{ref.namespace_.empty() ? set->metadata.namespace_ : ref.namespace_, ref.name}].push_back(set.get());
  }
  for (auto& [gateway, sets] : by_gateway_) {
    std::ranges::sort(sets, [](const api::ListenerSet* a, const api::ListenerSet* b) {
      return api::by_age(a->metadata, b->metadata) < 0;
    });
  }
}

const std::vector<const api::ListenerSet*>& ListenerSets::of(const api::Gateway& gateway) const {
  static const std::vector<const api::ListenerSet*> none;
  const auto found = by_gateway_.find(gateway.metadata.key());
  return found == by_gateway_.end() ? none : found->second;
}

std::unique_ptr<ListenerSetModel> check_listener_set(const api::ListenerSet& set, GatewayModel& gateway, Context& context) {
  auto model = std::make_unique<ListenerSetModel>();
  model->object = &set;
  model->gateway = &gateway;
  const api::ListenerNamespaces& allowed = gateway.object->spec.allowed_listeners.namespaces;
  if (!allows_namespace(allowed.from.value, allowed.selector, gateway.object->metadata.namespace_, set.metadata.namespace_,
                        context)) {
    model->refusal = {reason::kNotAllowed,
                      fmt::format("spec.allowedListeners of Gateway {} (from: {}) does not let in ListenerSets of namespace {}",
                                  api::to_text(gateway.object->metadata.key()), allowed.from.text(), set.metadata.namespace_)};
    return model;
  }
  if (!gateway.accepted()) {
    model->refusal = {reason::kParentNotAccepted,
                      fmt::format("Gateway {} is not accepted", api::to_text(gateway.object->metadata.key()))};
  }
  model->listeners.reserve(set.spec.listeners.size());
  for (const api::Listener& listener : set.spec.listeners) {
    model->listeners.push_back(check_listener(listener, gateway, model.get(), context));
  }
  return model;
}

}  // namespace cardea::translate
