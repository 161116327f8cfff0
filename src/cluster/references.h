// SPDX-License-Identifier: Apache-2.0
// References: which Secrets and ConfigMaps are referred to by what we hold, so that only those are held too. Control thread.
#pragma once

#include <map>
#include <set>
#include <vector>

#include "api/object.h"

namespace cardea::cluster {

class References {
 public:
  struct Change {
    std::vector<api::ObjectId> wanted;    // nobody referred to these before
    std::vector<api::ObjectId> unwanted;  // nobody refers to these any more
  };
  // What `object` refers to now; nothing: it is gone.
  Change set(const api::ObjectId& object, std::set<api::ObjectId> refers_to);

  bool wants(const api::ObjectId& id) const { return count_.contains(id); }
  const std::set<api::ObjectId>& of(const api::ObjectId& object) const;
  std::size_t size() const { return count_.size(); }

 private:
  std::map<api::ObjectId, std::set<api::ObjectId>> by_object_;
  std::map<api::ObjectId, std::size_t> count_;
};

}  // namespace cardea::cluster
