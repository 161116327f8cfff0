// SPDX-License-Identifier: Apache-2.0
// SeenObjects: what stands in the cluster of that which we made for Gateways, as the watches tell it; and what to read from it:
// does it still say what we applied, where is the Gateway reachable, how many proxies are ready. Control thread only.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/value.h"
#include "cluster/gateway_objects.h"

namespace cardea::cluster {

struct ObjectRef {
  std::string kind;
  std::string namespace_;
  std::string name;
  auto operator<=>(const ObjectRef&) const = default;
};
std::string to_text(const ObjectRef& ref);  // "Service shop/web-cardea"

// Of `metadata.ownerReferences`, the Gateway; empty members: none.
struct Owner {
  std::string name;
  std::string uid;
};
Owner owner_of(const base::Value& object);

class SeenObjects {
 public:
  // False when something newer is known already: answers to our own requests overtake the watches.
  bool put(const ObjectRef& ref, base::Value object);
  bool erase(const ObjectRef& ref) { return objects_.erase(ref) > 0; }

  const base::Value* find(const ObjectRef& ref) const;
  std::vector<ObjectRef> owned_by(std::string_view gateway_uid) const;
  const std::map<ObjectRef, base::Value>& all() const { return objects_; }

 private:
  std::map<ObjectRef, base::Value> objects_;
};

// Whether `live` says all that `wanted` says; what else it says is the defaults' or somebody else's. Items of arrays may stand
// in another order.
bool contains(const base::Value& live, const base::Value& wanted);

// Whether `manifest` (marked with its hash, cluster/gateway_objects.h) must be applied: it is new, it is not what was applied
// last, or somebody changed what we said. `live` null: it is not there.
bool must_apply(const base::Value* live, const base::Value& manifest);

// Addresses and names that the load balancer gave a Service, in its order.
std::vector<std::string> load_balancer_addresses(const base::Value& service);
std::int32_t ready_replicas(const base::Value& deployment);
// Why its pods cannot be made ("exceeded quota: ..."); empty when nothing is known to be wrong.
std::string replica_failure(const base::Value& deployment);

}  // namespace cardea::cluster
