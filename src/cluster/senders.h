// SPDX-License-Identifier: Apache-2.0
// Senders: which routes send requests to a Service in any way (backendRefs, mirrors, external authorization), and to which
// parents they want to attach, as written: whether they attach, translation tells. Control thread.
#pragma once

#include <map>
#include <set>
#include <vector>

#include "api/object.h"

namespace cardea::cluster {

class Senders {
 public:
  struct Route {
    std::vector<api::ObjectId> parents;  // Gateways and ListenerSets
    std::set<api::ObjectKey> services;
  };

  // Takes a route that is new or changed; what it was before. Other kinds than HTTPRoute and GRPCRoute send nothing yet.
  Route put(const api::Object& object);
  Route erase(const api::ObjectId& id);

  // Empty for one that is not known.
  const Route& find(const api::ObjectId& id) const;
  // The routes that send to a Service.
  const std::set<api::ObjectId>& to(const api::ObjectKey& service) const;

 private:
  std::map<api::ObjectId, Route> routes_;
  std::map<api::ObjectKey, std::set<api::ObjectId>> by_service_;
};

}  // namespace cardea::cluster
