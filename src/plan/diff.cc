// SPDX-License-Identifier: Apache-2.0
#include "plan/diff.h"

#include <algorithm>
#include <functional>
#include <map>

namespace cardea::plan {

namespace {

template <class Part>
Hash hash_of(const Ref<Part>& part) {
  return part ? part->hash : Hash{};
}

template <class Part, class Item>
const std::vector<Ref<Item>>& items_of(const Ref<Part>& part, std::vector<Ref<Item>> Part::* items) {
  static const std::vector<Ref<Item>> kNone;
  return part ? (*part).*items : kNone;
}

// Keys whose item is in one list only, or differs; sorted.
template <class Item>
std::vector<std::string> changed_keys(const std::vector<Ref<Item>>& previous, const std::vector<Ref<Item>>& next,
                                      std::string Item::* key) {
  std::map<std::string, Hash> before;
  for (const auto& item : previous) before.emplace((*item).*key, item->hash);
  std::vector<std::string> changed;
  for (const auto& item : next) {
    const auto old = before.find((*item).*key);
    if (old == before.end() || old->second != item->hash) changed.push_back((*item).*key);
    if (old != before.end()) before.erase(old);
  }
  for (const auto& [removed, hash] : before) changed.push_back(removed);
  std::ranges::sort(changed);
  return changed;
}

void diff_listeners(const Plan& previous, const Plan& next, Difference& difference) {
  std::map<ListenerId, Hash> before;
  for (const auto& listener : items_of(previous.routing, &Routing::listeners)) {
    before.emplace(id_of(*listener), listener->hash);
  }
  std::map<ListenerId, Hash> after;
  for (const auto& listener : items_of(next.routing, &Routing::listeners)) {
    const ListenerId id = id_of(*listener);
    after.emplace(id, listener->hash);
    const auto old = before.find(id);
    if (old == before.end()) {
      difference.listeners_added.push_back(id);
    } else if (old->second != listener->hash) {
      difference.listeners_changed.push_back(id);
    }
  }
  for (const auto& listener : items_of(previous.routing, &Routing::listeners)) {
    if (!after.contains(id_of(*listener))) difference.listeners_removed.push_back(id_of(*listener));
  }
}

}  // namespace

ListenerId id_of(const Listener& listener) { return {listener.from_listener_set, listener.owner, listener.name}; }

Difference diff(const Plan& previous, const Plan& next) {
  Difference difference;
  difference.routing = hash_of(previous.routing) != hash_of(next.routing);
  difference.endpoints = hash_of(previous.endpoints) != hash_of(next.endpoints);
  difference.secrets = hash_of(previous.secrets) != hash_of(next.secrets);
  difference.settings = hash_of(previous.settings) != hash_of(next.settings);
  if (difference.routing) diff_listeners(previous, next, difference);
  if (difference.endpoints) {
    difference.backends = changed_keys(items_of(previous.endpoints, &Endpoints::backends),
                                       items_of(next.endpoints, &Endpoints::backends), &BackendEndpoints::backend_id);
  }
  if (difference.secrets) {
    difference.certificates = changed_keys(items_of(previous.secrets, &Secrets::certificates),
                                           items_of(next.secrets, &Secrets::certificates), &Certificate::id);
    difference.ca_bundles = changed_keys(items_of(previous.secrets, &Secrets::ca_bundles),
                                         items_of(next.secrets, &Secrets::ca_bundles), &CaBundle::id);
  }
  return difference;
}

}  // namespace cardea::plan
