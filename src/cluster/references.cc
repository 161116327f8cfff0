// SPDX-License-Identifier: Apache-2.0
#include "cluster/references.h"

#include <string>
#include <utility>

namespace cardea::cluster {
namespace {

// Collects references of one object.
class Collector {
 public:
  explicit Collector(const api::ObjectMeta& owner) : owner_(owner) {}

  template <class Reference>
  void add(const Reference& reference, const std::string& namespace_) {
    if (!reference.group.empty() || (reference.kind != "Secret" && reference.kind != "ConfigMap")) return;
    found_.insert({reference.kind, {namespace_.empty() ? owner_.namespace_ : namespace_, reference.name}});
  }
  void add(const api::SecretObjectReference& reference) { add(reference, reference.namespace_); }
  void add(const api::ObjectReference& reference) { add(reference, reference.namespace_); }
  void add(const api::LocalObjectReference& reference) { add(reference, owner_.namespace_); }

  void add(const std::vector<api::Listener>& listeners) {
    for (const api::Listener& listener : listeners) {
      if (!listener.tls) continue;
      for (const auto& reference : listener.tls->certificate_refs) add(reference);
    }
  }
  void add(const api::TLSConfig& config) {
    if (!config.validation) return;
    for (const auto& reference : config.validation->ca_certificate_refs) add(reference);
  }

  std::set<api::ObjectId> take() { return std::move(found_); }

 private:
  const api::ObjectMeta& owner_;
  std::set<api::ObjectId> found_;
};

void collect(const api::Gateway& gateway, Collector& into) {
  into.add(gateway.spec.listeners);
  if (!gateway.spec.tls) return;
  if (const auto& backend = gateway.spec.tls->backend; backend && backend->client_certificate_ref) {
    into.add(*backend->client_certificate_ref);
  }
  if (const auto& frontend = gateway.spec.tls->frontend) {
    into.add(frontend->default_);
    for (const auto& port : frontend->per_port) into.add(port.tls);
  }
}

void collect(const api::ListenerSet& set, Collector& into) { into.add(set.spec.listeners); }

void collect(const api::BackendTLSPolicy& policy, Collector& into) {
  for (const auto& reference : policy.spec.validation.ca_certificate_refs) into.add(reference);
}

template <class Kind>
void collect(const Kind&, Collector&) {}

}  // namespace

std::set<api::ObjectId> references_of(const api::Object& object) {
  return std::visit(
      [](const auto& ref) {
        Collector collector(ref->metadata);
        collect(*ref, collector);
        return collector.take();
      },
      object);
}

References::Change References::set(const api::ObjectId& object, std::set<api::ObjectId> refers_to) {
  Change change;
  const auto before = by_object_.find(object);
  for (const api::ObjectId& id : refers_to) {
    if (before != by_object_.end() && before->second.contains(id)) continue;
    if (++count_[id] == 1) change.wanted.push_back(id);
  }
  if (before != by_object_.end()) {
    for (const api::ObjectId& id : before->second) {
      if (refers_to.contains(id)) continue;
      const auto counted = count_.find(id);
      if (--counted->second > 0) continue;
      count_.erase(counted);
      change.unwanted.push_back(id);
    }
  }
  if (!refers_to.empty()) by_object_.insert_or_assign(object, std::move(refers_to));
  else if (before != by_object_.end()) by_object_.erase(before);
  return change;
}

const std::set<api::ObjectId>& References::of(const api::ObjectId& object) const {
  static const std::set<api::ObjectId> none;
  const auto found = by_object_.find(object);
  return found == by_object_.end() ? none : found->second;
}

}  // namespace cardea::cluster
