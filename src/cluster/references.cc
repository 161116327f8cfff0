// SPDX-License-Identifier: Apache-2.0
#include "cluster/references.h"

#include <utility>

namespace cardea::cluster {

References::Change References::set(const api::ObjectId& object, std::set<api::ObjectId> refers_to) {
  Change change;
  const auto before = by_object_.find(object);
  for (const api::ObjectId& id : refers_to) {
    if (before != by_object_.end() && before->second.contains(id)) continue;
    if (++count_[id] == 1) change.wanted.push_back(id);
  }
  if (before != by_object_.end()) {
    for (const api::ObjectId& id : before->second) {
      if (!refers_to.contains(id)) drop(id, change);
    }
  }
  if (!refers_to.empty()) by_object_.insert_or_assign(object, std::move(refers_to));
  else if (before != by_object_.end()) by_object_.erase(before);
  return change;
}

void References::drop(const api::ObjectId& id, Change& change) {
  const auto counted = count_.find(id);
  if (--counted->second > 0) return;
  count_.erase(counted);
  change.unwanted.push_back(id);
}

void References::keep(const api::ObjectId& holder, const api::ObjectId& id) {
  if (kept_[holder].insert(id).second) ++count_[id];
}

References::Change References::let_go(const api::ObjectId& holder) {
  Change change;
  const auto found = kept_.find(holder);
  if (found == kept_.end()) return change;
  for (const api::ObjectId& id : found->second) drop(id, change);
  kept_.erase(found);
  return change;
}

const std::set<api::ObjectId>& References::of(const api::ObjectId& object) const {
  static const std::set<api::ObjectId> none;
  const auto found = by_object_.find(object);
  return found == by_object_.end() ? none : found->second;
}

}  // namespace cardea::cluster
