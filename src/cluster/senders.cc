// SPDX-License-Identifier: Apache-2.0
#include "cluster/senders.h"

#include <string>
#include <utility>
#include <variant>

namespace cardea::cluster {
namespace {

const std::string& namespace_or(const std::string& written, const std::string& own) { return written.empty() ? own : written; }

// Collects what one route names.
class Collector {
 public:
  explicit Collector(const std::string& own_namespace) : own_(own_namespace) {}

  void add(const api::ParentReference& parent) {
    if (parent.group == api::kGatewayGroup) found_.parents.push_back({parent.kind, {namespace_or(parent.namespace_, own_), parent.name}});
  }
  void add(const api::BackendObjectReference& backend) {
    if (backend.group.empty() && backend.kind == "Service") found_.services.insert({namespace_or(backend.namespace_, own_), backend.name});
  }
  void add(const std::vector<api::RouteFilter>& filters) {
    for (const api::RouteFilter& filter : filters) {
      if (const auto* const mirror = std::get_if<api::HTTPRequestMirrorFilter>(&filter.config)) add(mirror->backend_ref);
      if (const auto* const check = std::get_if<api::Rare<api::HTTPExternalAuthFilter>>(&filter.config)) add((*check)->backend_ref);
    }
  }
  Senders::Route take() { return std::move(found_); }

 private:
  const std::string& own_;
  Senders::Route found_;
};

template <class Kind>
Senders::Route route_of(const Kind& route) {
  Collector collector(route.metadata.namespace_);
  for (const auto& parent : route.spec.parent_refs) collector.add(parent);
  for (const auto& rule : route.spec.rules) {
    collector.add(rule.filters);
    for (const auto& backend : rule.backend_refs) {
      collector.add(backend);
      collector.add(backend.filters);
    }
  }
  return collector.take();
}

}  // namespace

Senders::Route Senders::put(const api::Object& object) {
  const api::ObjectId id = api::id_of(object);
  Route route;
  if (const auto* const http = std::get_if<api::Ref<api::HTTPRoute>>(&object)) route = route_of(**http);
  else if (const auto* const grpc = std::get_if<api::Ref<api::GRPCRoute>>(&object)) route = route_of(**grpc);
  else return {};
  Route before = erase(id);
  for (const api::ObjectKey& service : route.services) by_service_[service].insert(id);
  routes_.insert_or_assign(id, std::move(route));
  return before;
}

Senders::Route Senders::erase(const api::ObjectId& id) {
  const auto found = routes_.find(id);
  if (found == routes_.end()) return {};
  Route before = std::move(found->second);
  routes_.erase(found);
  for (const api::ObjectKey& service : before.services) {
    const auto users = by_service_.find(service);
    users->second.erase(id);
    if (users->second.empty()) by_service_.erase(users);
  }
  return before;
}

const Senders::Route& Senders::find(const api::ObjectId& id) const {
  static const Route none;
  const auto found = routes_.find(id);
  return found == routes_.end() ? none : found->second;
}

const std::set<api::ObjectId>& Senders::to(const api::ObjectKey& service) const {
  static const std::set<api::ObjectId> none;
  const auto found = by_service_.find(service);
  return found == by_service_.end() ? none : found->second;
}

}  // namespace cardea::cluster
