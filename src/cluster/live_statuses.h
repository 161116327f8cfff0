// SPDX-License-Identifier: Apache-2.0
// LiveStatuses: the statuses that stand on objects now, as far as we know: what the watch told, and what answered our own
// writes. What the status writer compares with and merges into. Control thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "api/object.h"
#include "base/value.h"

namespace cardea::cluster {

struct LiveStatus {
  std::string resource_version;
  std::string uid;
  std::int64_t generation = 0;
  base::Value status;  // null: none yet
  // Who changed it last, by metadata.managedFields; empty: nobody, or two in the same second.
  std::string last_writer;
};

class LiveStatuses {
 public:
  // Called with each object whose status, or whose existence, changed.
  std::function<void(const api::ObjectId&)> changed;

  // Takes an object as the API shows it. Older than what is known (our own write's answer came first): nothing.
  void put(const api::ObjectId& id, const base::Value& object);
  void erase(const api::ObjectId& id);
  const LiveStatus* find(const api::ObjectId& id) const;
  const std::map<api::ObjectId, LiveStatus>& all() const { return all_; }

 private:
  std::map<api::ObjectId, LiveStatus> all_;
};

}  // namespace cardea::cluster
