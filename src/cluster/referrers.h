// SPDX-License-Identifier: Apache-2.0
// Referrers: what refers to Secrets and ConfigMaps, and to which of them we may look: those that a Gateway of our class, a
// ListenerSet of such a Gateway names, in its own namespace or where a ReferenceGrant permits it, and those of policies for
// Services to which a route of such a Gateway or ListenerSet sends. What others name is none of our business, and is not
// read. Control thread.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/resources.h"
#include "cluster/senders.h"

namespace cardea::cluster {

class Referrers {
 public:
  explicit Referrers(std::string controller_name) : controller_name_(std::move(controller_name)) {}

  // Takes an object that is new or changed, of any kind; an id that is gone. Those whose references may be others now.
  std::vector<api::ObjectId> put(const api::Object& object);
  std::vector<api::ObjectId> erase(const api::ObjectId& id);

  // The Secrets and ConfigMaps that this object refers to and may; nothing for one that is none of ours.
  std::set<api::ObjectId> references_of(const api::ObjectId& id) const;

 private:
  std::vector<api::ObjectId> put_route(const api::Object& object);
  std::vector<api::ObjectId> affected_by(const api::ObjectId& id) const;
  void add_sets_of(const api::Gateway& gateway, std::vector<api::ObjectId>& affected) const;
  void add_policies(std::vector<api::ObjectId>& affected) const;
  // Those for Services to which a route of ours sends.
  std::vector<api::ObjectId> policies_of(const Senders::Route& route) const;
  bool is_ours(const api::Gateway* gateway) const;
  bool is_ours(const api::ListenerSet& set) const;
  bool is_ours(const Senders::Route& route) const;
  bool concerns_us(const api::BackendTLSPolicy& policy) const;

  std::string controller_name_;
  api::Resources known_;  // of the kinds that matter here, but for routes
  Senders senders_;
};

}  // namespace cardea::cluster
