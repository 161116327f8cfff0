// SPDX-License-Identifier: Apache-2.0
#include "translate/backend_tls_policy.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/strings.h"
#include "translate/ca_bundle.h"
#include "translate/tls_options.h"

namespace cardea::translate {
namespace {

bool is_service(const api::PolicyTargetReference& ref) { return ref.group.empty() && ref.kind == api::Service::kKind; }

const api::ServicePort* port_named(const api::Service& service, std::string_view name) {
  const auto found = std::ranges::find(service.spec.ports, name, &api::ServicePort::name);
  return found == service.spec.ports.end() ? nullptr : &*found;
}

}  // namespace

BackendTlsPolicies::BackendTlsPolicies(const api::Resources& resources, Memory& memory) : resources_(resources), memory_(memory) {
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

void BackendTlsPolicies::check_ca_certificates(const api::BackendTLSPolicy& policy, PolicyVerdict& verdict) {
  const auto note = [&](Problem problem) {
    if (!verdict.unresolved) verdict.unresolved = std::move(problem);
  };
  for (const api::LocalObjectReference& ref : policy.spec.validation.ca_certificate_refs) {
    const api::ObjectKey key{policy.metadata.namespace_, ref.name};
    const std::string id = fmt::format("caCertificateRefs: {} {}", ref.kind, api::to_text(key));
    if (!may_hold_ca_certificates(ref.group, ref.kind)) {
      note({reason::kInvalidKind, id + ": only a ConfigMap can hold CA certificates"});
    } else if (const auto found = find_ca_bundle(key, resources_, memory_); !found) {
      note({reason::kInvalidCaCertificateRef, fmt::format("{}: {}", id, found.error().message)});
    } else if (std::ranges::find(verdict.tls->ca_bundles, (*found)->id) == verdict.tls->ca_bundles.end()) {
      verdict.tls->ca_bundles.push_back((*found)->id);
    }
  }
}

PolicyVerdict BackendTlsPolicies::judge(const api::BackendTLSPolicy& policy) {
  const api::BackendTLSPolicyValidation& validation = policy.spec.validation;
  PolicyVerdict verdict;
  verdict.tls.emplace();
  verdict.tls->hostname = base::to_lower(validation.hostname);
  verdict.tls->system_roots = validation.well_known_ca_certificates == "System";
  check_ca_certificates(policy, verdict);
  const auto refuse = [&](std::string_view why, std::string message) {
    if (!verdict.refusal) verdict.refusal = Problem{why, std::move(message)};
  };
  if (!validation.well_known_ca_certificates.empty() && !verdict.tls->system_roots) {
    refuse(reason::kInvalid, fmt::format("wellKnownCACertificates {} is not known; System is", validation.well_known_ca_certificates));
  }
  if (verdict.tls->ca_bundles.empty() && !verdict.tls->system_roots) {
    refuse(reason::kNoValidCaCertificate, "No reference of caCertificateRefs can be used: requests to the targets are "
                                          "answered with 500, never sent without TLS");
  }
  for (const api::SubjectAltName& name : validation.subject_alt_names) {
    if (name.type.is_unknown()) refuse(reason::kInvalid, fmt::format("subjectAltNames: type {} is not known", name.type.text()));
    const bool is_uri = name.type == api::SubjectAltNameType::URI;
    verdict.tls->subject_alt_names.push_back(
        {is_uri ? plan::SubjectAltNameType::URI : plan::SubjectAltNameType::Hostname, is_uri ? name.value : base::to_lower(name.value)});
  }
  const auto options = read_tls_options(policy.spec.options);
  if (options) verdict.tls->min_version = options->min_version;
  else refuse(reason::kInvalid, options.error().message);
  if (verdict.refusal) verdict.tls.reset();
  return verdict;
}

const PolicyVerdict& BackendTlsPolicies::verdict_of(const api::BackendTLSPolicy& policy) {
  const auto known = verdicts_.find(&policy);
  return known != verdicts_.end() ? known->second : verdicts_.emplace(&policy, judge(policy)).first->second;
}

// What is wrong with a target comes first: there the policy may have no say at all.
std::optional<Problem> BackendTlsPolicies::refusal_of(const api::BackendTLSPolicy& policy) {
  for (const api::PolicyTargetReference& ref : policy.spec.target_refs) {
    if (auto problem = check_target(policy, ref)) return problem;
  }
  return verdict_of(policy).refusal;
}

api::PolicyStatus BackendTlsPolicies::status_of(const api::BackendTLSPolicy& policy, const Reach& reach,
                                                const Options& options) {
  using enum api::ConditionStatus;
  std::set<api::ObjectKey> gateways;
  for (const api::PolicyTargetReference& ref : policy.spec.target_refs) {
    const auto reached = reach.find({policy.metadata.namespace_, ref.name});
    if (!is_service(ref) || reached == reach.end()) continue;
    for (const GatewayModel* gateway : reached->second) gateways.insert(gateway->object->metadata.key());
  }
  if (gateways.empty()) return {};
  const std::int64_t generation = policy.metadata.generation;
  const auto refusal = refusal_of(policy);
  const auto& unresolved = verdict_of(policy).unresolved;
  api::Conditions conditions;
  conditions.push_back(refusal ? make_condition(condition::kAccepted, False, refusal->reason, refusal->message, generation)
                               : make_condition(condition::kAccepted, True, reason::kAccepted, "The policy is valid", generation));
  conditions.push_back(unresolved ? make_condition(condition::kResolvedRefs, False, unresolved->reason, unresolved->message, generation)
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
