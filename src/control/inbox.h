// SPDX-License-Identifier: Apache-2.0
// Inbox: changes to objects on their way to the control loop. A double buffer: one batch is worked on while the next
// gathers. Of several changes to one object within a batch the last counts.
//
// Owned by ControlLoop; filled by its ResourceSource. Control thread only.
#pragma once

#include <map>
#include <optional>
#include <utility>

#include "api/object.h"

namespace cardea::control {

// By object, its new content; nothing: it is gone.
using Batch = std::map<api::ObjectId, std::optional<api::Object>>;

class Inbox {
 public:
  void put(api::Object object) {
    api::ObjectId id = api::id_of(object);
    gathering_.insert_or_assign(std::move(id), std::move(object));
  }
  void erase(api::ObjectId id) { gathering_.insert_or_assign(std::move(id), std::nullopt); }

  // Every object that existed at the start has been put: only now is there a whole picture to translate.
  void mark_synced() { synced_ = true; }
  bool synced() const { return synced_; }

  bool empty() const { return gathering_.empty(); }
  Batch take() { return std::exchange(gathering_, {}); }

 private:
  Batch gathering_;
  bool synced_ = false;
};

}  // namespace cardea::control
