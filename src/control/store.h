// SPDX-License-Identifier: Apache-2.0
// Store: what exists now, as the sources told. Owned by ControlLoop, control thread only; snapshots may go anywhere.
#pragma once

#include "api/resources.h"
#include "control/inbox.h"

namespace cardea::control {

class Store {
 public:
  // False when that changed nothing that translation could see (say, the echo of our own status write).
  bool put(const api::Object& object);
  bool erase(const api::ObjectId& id) { return resources_.erase(id); }
  // How many of the changes counted.
  std::size_t apply(const Batch& batch);

  // Cheap: shares all tables, which are copied only when they change again.
  api::Resources snapshot() const { return resources_; }
  std::size_t size() const { return resources_.size(); }

 private:
  api::Resources resources_;
};

}  // namespace cardea::control
