// SPDX-License-Identifier: Apache-2.0
#include "cluster/referrers.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>

#include "translate/reference_grant.h"

namespace cardea::cluster {
namespace {

constexpr std::array<std::string_view, 5> kKinds{"GatewayClass", "Gateway", "ListenerSet", "ReferenceGrant", "BackendTLSPolicy"};

bool is_route(std::string_view kind) { return kind == api::HTTPRoute::kKind || kind == api::GRPCRoute::kKind; }

bool is_service(const api::PolicyTargetReference& target) { return target.group.empty() && target.kind == api::Service::kKind; }

bool matters(std::string_view kind) { return std::ranges::find(kKinds, kind) != kKinds.end(); }

api::ObjectKey parent_of(const api::ListenerSet& set) {
  const auto& parent = set.spec.parent_ref;
  return {parent.namespace_.empty() ? set.metadata.namespace_ : parent.namespace_, parent.name};
}

// Collects references of one object.
class Collector {
 public:
  Collector(std::string_view kind, const api::ObjectMeta& owner, const api::Resources& known) : kind_(kind), owner_(owner), known_(known) {}

  void add(const std::vector<api::Listener>& listeners) {
    for (const api::Listener& listener : listeners) {
      if (!listener.tls) continue;
      for (const auto& reference : listener.tls->certificate_refs) add(reference, "Secret", reference.namespace_);
    }
  }
  void add(const api::TLSConfig& config) {
    if (!config.validation) return;
    for (const auto& reference : config.validation->ca_certificate_refs) add(reference, "ConfigMap", reference.namespace_);
  }
  void add(const api::GatewaySpec& spec) {
    add(spec.listeners);
    if (!spec.tls) return;
    if (const auto& backend = spec.tls->backend; backend && backend->client_certificate_ref) {
      add(*backend->client_certificate_ref, "Secret", backend->client_certificate_ref->namespace_);
    }
    if (const auto& frontend = spec.tls->frontend) {
      add(frontend->default_);
      for (const auto& port : frontend->per_port) add(port.tls);
    }
  }
  void add(const api::BackendTLSPolicySpec& spec) {
    for (const auto& reference : spec.validation.ca_certificate_refs) add(reference, "ConfigMap", {});
  }

  std::set<api::ObjectId> take() { return std::move(found_); }

 private:
  template <class Reference>
  void add(const Reference& reference, std::string_view kind, const std::string& namespace_) {
    if (!reference.group.empty() || reference.kind != kind) return;
    const std::string& where = namespace_.empty() ? owner_.namespace_ : namespace_;
    if (where != owner_.namespace_ && !permitted({"", kind, where, reference.name})) return;
    found_.insert({std::string(kind), {where, reference.name}});
  }
  bool permitted(const translate::Target& target) {
    if (!grants_) grants_.emplace(known_);
    return grants_->permit({.kind = kind_, .namespace_ = owner_.namespace_}, target);
  }

  std::string_view kind_;
  const api::ObjectMeta& owner_;
  const api::Resources& known_;
  std::optional<translate::ReferenceGrants> grants_;  // made when something refers to another namespace
  std::set<api::ObjectId> found_;
};

}  // namespace

std::vector<api::ObjectId> Referrers::put(const api::Object& object) {
  if (is_route(api::kind_of(object))) return put_route(object);
  if (!matters(api::kind_of(object))) return {};
  const api::ObjectId id = api::id_of(object);
  // Of a Gateway that goes to another class, or a set to another Gateway, the same are affected before and after.
  known_.put(object);
  return affected_by(id);
}

std::vector<api::ObjectId> Referrers::put_route(const api::Object& object) {
  const Senders::Route before = senders_.put(object);
  std::vector<api::ObjectId> affected = policies_of(before);
  std::ranges::copy(policies_of(senders_.find(api::id_of(object))), std::back_inserter(affected));
  return affected;
}

std::vector<api::ObjectId> Referrers::erase(const api::ObjectId& id) {
  if (is_route(id.kind)) return policies_of(senders_.erase(id));
  if (!matters(id.kind)) return {};
  std::vector<api::ObjectId> affected = affected_by(id);
  known_.erase(id);
  return affected;
}

bool Referrers::is_ours(const api::Gateway* gateway) const {
  const auto* const its_class = gateway ? known_.find<api::GatewayClass>("", gateway->spec.gateway_class_name) : nullptr;
  return its_class && its_class->spec.controller_name == controller_name_;
}

bool Referrers::is_ours(const api::ListenerSet& set) const { return is_ours(known_.find<api::Gateway>(parent_of(set))); }

bool Referrers::is_ours(const Senders::Route& route) const {
  return std::ranges::any_of(route.parents, [this](const api::ObjectId& parent) {
    if (parent.kind == api::Gateway::kKind) return is_ours(known_.find<api::Gateway>(parent.key));
    const auto* const set = parent.kind == api::ListenerSet::kKind ? known_.find<api::ListenerSet>(parent.key) : nullptr;
    return set && is_ours(*set);
  });
}

bool Referrers::concerns_us(const api::BackendTLSPolicy& policy) const {
  return std::ranges::any_of(policy.spec.target_refs, [&](const api::PolicyTargetReference& target) {
    if (!is_service(target)) return false;
    const auto& routes = senders_.to({policy.metadata.namespace_, target.name});
    return std::ranges::any_of(routes, [this](const api::ObjectId& route) { return is_ours(senders_.find(route)); });
  });
}

std::vector<api::ObjectId> Referrers::policies_of(const Senders::Route& route) const {
  std::vector<api::ObjectId> policies;
  if (known_.all<api::BackendTLSPolicy>().empty() || !is_ours(route)) return policies;
  for (const auto& policy : known_.all<api::BackendTLSPolicy>()) {
    const bool targets = std::ranges::any_of(policy->spec.target_refs, [&](const api::PolicyTargetReference& target) {
      return is_service(target) && route.services.contains({policy->metadata.namespace_, target.name});
    });
    if (targets) policies.push_back({"BackendTLSPolicy", policy->metadata.key()});
  }
  return policies;
}

void Referrers::add_policies(std::vector<api::ObjectId>& affected) const {
  for (const auto& policy : known_.all<api::BackendTLSPolicy>()) affected.push_back({"BackendTLSPolicy", policy->metadata.key()});
}

void Referrers::add_sets_of(const api::Gateway& gateway, std::vector<api::ObjectId>& affected) const {
  for (const auto& set : known_.all<api::ListenerSet>()) {
    if (parent_of(*set) == gateway.metadata.key()) affected.push_back({"ListenerSet", set->metadata.key()});
  }
}

std::vector<api::ObjectId> Referrers::affected_by(const api::ObjectId& id) const {
  std::vector<api::ObjectId> affected;
  if (id.kind == "GatewayClass" || id.kind == "ReferenceGrant") {
    for (const auto& gateway : known_.all<api::Gateway>()) {
      if (id.kind == "GatewayClass" && gateway->spec.gateway_class_name != id.key.name) continue;
      affected.push_back({"Gateway", gateway->metadata.key()});
      add_sets_of(*gateway, affected);
    }
    if (id.kind == "GatewayClass") add_policies(affected);
    return affected;
  }
  affected.push_back(id);
  const auto* const gateway = id.kind == "Gateway" ? known_.find<api::Gateway>(id.key) : nullptr;
  if (gateway) add_sets_of(*gateway, affected);
  if (id.kind == "Gateway" || id.kind == "ListenerSet") add_policies(affected);
  return affected;
}

std::set<api::ObjectId> Referrers::references_of(const api::ObjectId& id) const {
  const auto collect = [&](const auto& object) {
    Collector collector(id.kind, object.metadata, known_);
    if constexpr (requires { object.spec.validation; } || requires { object.spec.gateway_class_name; }) collector.add(object.spec);
    else collector.add(object.spec.listeners);
    return collector.take();
  };
  if (const auto* const gateway = known_.find<api::Gateway>(id.key); gateway && id.kind == "Gateway") {
    return is_ours(gateway) ? collect(*gateway) : std::set<api::ObjectId>();
  }
  if (const auto* const set = known_.find<api::ListenerSet>(id.key); set && id.kind == "ListenerSet") {
    return is_ours(*set) ? collect(*set) : std::set<api::ObjectId>();
  }
  const auto* const policy = known_.find<api::BackendTLSPolicy>(id.key);
  return policy && id.kind == "BackendTLSPolicy" && concerns_us(*policy) ? collect(*policy) : std::set<api::ObjectId>();
}

}  // namespace cardea::cluster
