// SPDX-License-Identifier: Apache-2.0
// BackendTLSPolicy (facts, 1.10, 2.6, 6.17): which policy counts for a Service port, what TLS it asks for, and its status.
//
// A port that a policy counts for is spoken to as that policy says or not at all: one that cannot be obeyed leaves its
// ports without a backend (500), also when another policy would have come after it.
#pragma once

#include <map>
#include <set>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "api/resources.h"
#include "plan/plan.h"
#include "translate/context.h"
#include "translate/model.h"
#include "translate/options.h"
#include "translate/reference_grant.h"
#include "translate/status/status.h"

namespace cardea::translate {

// What a policy says, whatever it targets.
struct PolicyVerdict {
  std::optional<Problem> refusal;       // it cannot be obeyed
  std::optional<Problem> unresolved;    // a reference that cannot be used; others may be enough
  std::optional<plan::BackendTls> tls;  // exactly when it can be obeyed
};

class BackendTlsPolicies {
 public:
  BackendTlsPolicies(const api::Resources& resources, Memory& memory);

  // The policy for that port: one for its name before one for the whole Service, the older before the younger; or null.
  const api::BackendTLSPolicy* of(const api::Service& service, const api::ServicePort& port) const;
  const PolicyVerdict& verdict_of(const api::BackendTLSPolicy& policy);
  bool targets(const api::ObjectKey& service) const { return by_service_.contains(service); }

  // Gateways by the Services that their routes name.
  using Reach = std::map<api::ObjectKey, std::set<const GatewayModel*>>;
  api::PolicyStatus status_of(const api::BackendTLSPolicy& policy, const Reach& reach, const Options& options);

 private:
  struct Targeted {
    const api::BackendTLSPolicy* policy;
    std::string section_name;
  };
  std::optional<Problem> check_target(const api::BackendTLSPolicy& policy, const api::PolicyTargetReference& ref) const;
  void check_ca_certificates(const api::BackendTLSPolicy& policy, PolicyVerdict& verdict);
  PolicyVerdict judge(const api::BackendTLSPolicy& policy);
  std::optional<Problem> refusal_of(const api::BackendTLSPolicy& policy);

  const api::Resources& resources_;
  Memory& memory_;
  std::map<api::ObjectKey, std::vector<Targeted>> by_service_;  // older policies first
  std::unordered_map<const api::BackendTLSPolicy*, PolicyVerdict> verdicts_;
};

}  // namespace cardea::translate
