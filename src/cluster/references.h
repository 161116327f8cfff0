// SPDX-License-Identifier: Apache-2.0
// References: which Secrets and ConfigMaps are referred to by what we hold, so that only those are held too. What an object
// refers to no more may be kept for a while: for as long as its old version is the one that is seen. Control thread.
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

  // `id`, which is wanted now, stays so until `holder` lets go.
  void keep(const api::ObjectId& holder, const api::ObjectId& id);
  Change let_go(const api::ObjectId& holder);

  bool wants(const api::ObjectId& id) const { return count_.contains(id); }
  const std::set<api::ObjectId>& of(const api::ObjectId& object) const;
  std::size_t size() const { return count_.size(); }

 private:
  void drop(const api::ObjectId& id, Change& change);

  std::map<api::ObjectId, std::set<api::ObjectId>> by_object_;
  std::map<api::ObjectId, std::set<api::ObjectId>> kept_;  // by holder
  std::map<api::ObjectId, std::size_t> count_;
};

}  // namespace cardea::cluster
