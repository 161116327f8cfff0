// SPDX-License-Identifier: Apache-2.0
#include "translate/backend_tls_policy.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/x509.h"

namespace cardea::translate {
namespace {

bool is_service(const api::PolicyTargetReference& ref) { return ref.group.empty() && ref.kind == api::Service::kKind; }

const api::ServicePort* port_named(const api::Service& service, std::string_view name) {
  const auto found = std::ranges::find(service.spec.ports, name, &api::ServicePort::name);
  return found == service.spec.ports.end() ? nullptr : &*found;
}

}  // namespace

BackendTlsPolicies::BackendTlsPolicies(const api::Resources& resources) : resources_(resources) {
  std::vector<const api::BackendTLSPolicy*> policies;
  for (const auto& policy : resources.all<api::BackendTLSPolicy>()) policies.push_back(policy.get());
  std::ranges::sort(policies, [](const auto* a, const auto* b) { return api::by_age(a->metadata, b->metadata) < 0; });
  for (const api::BackendTLSPolicy* policy : policies) {
    for (const api::PolicyTargetReference& ref : policy->spec.target_refs) {
      if (is_service(ref)) by_service_[{policy->metadata.namespace_, ref.name}].push_back({policy, ref.section_name});
    }
  }
}

const api::BackendTLSPolicy* BackendTlsPolicies::of(const api::Service& service, const api::ServicePort& port) const {
  const auto found = by_service_.find(service.metadata.key());
  if (found == by_service_.end()) return nullptr;
  const api::BackendTLSPolicy* of_service = nullptr;
  for (const Targeted& targeted : found->second) {
    if (!targeted.section_name.empty() && targeted.section_name == port.name) return targeted.policy;
    if (targeted.section_name.empty() && !of_service) of_service = targeted.policy;
  }
  return of_service;
}

std::optional<Problem> BackendTlsPolicies::check_target(const api::BackendTLSPolicy& policy,
                                                        const api::PolicyTargetReference& ref) const {
  if (!is_service(ref)) {
    return Problem{reason::kInvalid, fmt::format("targetRefs: a {} of group \"{}\" cannot be a target, only a Service can",
                                                 ref.kind, ref.group)};
  }
  const api::ObjectKey key{policy.metadata.namespace_, ref.name};
  const api::Service* service = resources_.find<api::Service>(key);
  if (!service) return Problem{reason::kTargetNotFound, fmt::format("Service {} does not exist", api::to_text(key))};
  const api::ServicePort* port = ref.section_name.empty() ? nullptr : port_named(*service, ref.section_name);
  if (!ref.section_name.empty() && !port) {
    return Problem{reason::kTargetNotFound, fmt::format("Service {} has no port named {}", api::to_text(key), ref.section_name)};
  }
  if (port && port->protocol == api::TransportProtocol::UDP) {
    return Problem{reason::kInvalid, fmt::format("Service {}: port {} is for UDP", api::to_text(key), ref.section_name)};
  }
  for (const Targeted& other : by_service_.at(key)) {
    if (other.policy == &policy) break;
    if (other.section_name != ref.section_name) continue;
    return Problem{reason::kConflicted, fmt::format("BackendTLSPolicy {} targets the same and comes first",
                                                    api::to_text(other.policy->metadata.key()))};
  }
  return std::nullopt;
}

std::vector<std::optional<Problem>> BackendTlsPolicies::check_ca_certificates(const api::BackendTLSPolicy& policy) const {
  std::vector<std::optional<Problem>> checked;
  for (const api::LocalObjectReference& ref : policy.spec.validation.ca_certificate_refs) {
    const std::string id = fmt::format("{} {}/{}", ref.kind, policy.metadata.namespace_, ref.name);
    if (!ref.group.empty() || ref.kind != api::ConfigMap::kKind) {
      checked.push_back(Problem{reason::kInvalidKind, fmt::format("caCertificateRefs: {}: only a ConfigMap can hold CA "
                                                                  "certificates", id)});
      continue;
    }
    const auto* config_map = resources_.find<api::ConfigMap>(policy.metadata.namespace_, ref.name);
    const std::string* bundle = config_map ? config_map->data.find("ca.crt") : nullptr;
    const auto good = bundle ? base::check_ca_bundle(*bundle) : base::fail(config_map ? "it has no key ca.crt" : "it does not exist");
    if (good) {
      checked.push_back(std::nullopt);
    } else {
      checked.push_back(Problem{reason::kInvalidCaCertificateRef, fmt::format("caCertificateRefs: {}: {}", id, good.error().message)});
    }
  }
  return checked;
}

Problem BackendTlsPolicies::refusal_of(const api::BackendTLSPolicy& policy, bool any_ca) const {
  for (const api::PolicyTargetReference& ref : policy.spec.target_refs) {
    if (auto problem = check_target(policy, ref)) return std::move(*problem);
  }
  const std::string& well_known = policy.spec.validation.well_known_ca_certificates;
  if (!well_known.empty() && well_known != "System") {
    return {reason::kInvalid, fmt::format("wellKnownCACertificates {} is not known", well_known)};
  }
  if (well_known.empty() && !any_ca) return {reason::kNoValidCaCertificate, "No reference of caCertificateRefs can be used"};
  return {reason::kInvalid, "TLS to backends is not served yet: requests to the targets are answered with 500, never sent in plain text"};
}

api::PolicyStatus BackendTlsPolicies::status_of(const api::BackendTLSPolicy& policy, const Reach& reach,
                                                const Options& options) const {
  using enum api::ConditionStatus;
  std::set<api::ObjectKey> gateways;
  for (const api::PolicyTargetReference& ref : policy.spec.target_refs) {
    const auto reached = reach.find({policy.metadata.namespace_, ref.name});
    if (!is_service(ref) || reached == reach.end()) continue;
    for (const GatewayModel* gateway : reached->second) gateways.insert(gateway->object->metadata.key());
  }
  if (gateways.empty()) return {};
  const auto checked = check_ca_certificates(policy);
  const auto bad = std::ranges::find_if(checked, [](const auto& problem) { return problem.has_value(); });
  const bool any_ca = std::ranges::any_of(checked, [](const auto& problem) { return !problem; });
  const std::int64_t generation = policy.metadata.generation;
  const Problem refusal = refusal_of(policy, any_ca);
  api::Conditions conditions;
  conditions.push_back(make_condition(condition::kAccepted, False, refusal.reason, refusal.message, generation));
  conditions.push_back(bad != checked.end() ? make_condition(condition::kResolvedRefs, False, (*bad)->reason, (*bad)->message, generation)
                                            : make_condition(condition::kResolvedRefs, True, reason::kResolvedRefs,
                                                             "All references are resolved", generation));
  api::PolicyStatus status;
  constexpr std::size_t kMaxAncestors = 16;
  for (const api::ObjectKey& gateway : gateways) {
    if (status.ancestors.size() == kMaxAncestors) break;
    api::ParentReference ancestor;
    ancestor.namespace_ = gateway.namespace_;
    ancestor.name = gateway.name;
    status.ancestors.push_back({std::move(ancestor), options.controller_name, conditions});
  }
  return status;
}

}  // namespace cardea::translate
