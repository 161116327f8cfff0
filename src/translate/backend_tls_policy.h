// SPDX-License-Identifier: Apache-2.0
// BackendTLSPolicy (facts, 1.10, 2.6, 6.17). TLS to backends is not served yet: a Service that a policy targets gets no
// plain text either (backend_ref refuses it), and the policy says so in its status. Everything else that a policy can be
// told is told already.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "api/resources.h"
#include "translate/model.h"
#include "translate/options.h"
#include "translate/reference_grant.h"
#include "translate/status/status.h"

namespace cardea::translate {

class BackendTlsPolicies {
 public:
  explicit BackendTlsPolicies(const api::Resources& resources);

  // The policy for that port: one for its name before one for the whole Service, the older before the younger; or null.
  const api::BackendTLSPolicy* of(const api::Service& service, const api::ServicePort& port) const;
  bool targets(const api::ObjectKey& service) const { return by_service_.contains(service); }

  // Gateways by the Services that their routes name.
  using Reach = std::map<api::ObjectKey, std::set<const GatewayModel*>>;
  api::PolicyStatus status_of(const api::BackendTLSPolicy& policy, const Reach& reach, const Options& options) const;

 private:
  struct Targeted {
    const api::BackendTLSPolicy* policy;
    std::string section_name;
  };
  std::optional<Problem> check_target(const api::BackendTLSPolicy& policy, const api::PolicyTargetReference& ref) const;
  std::vector<std::optional<Problem>> check_ca_certificates(const api::BackendTLSPolicy& policy) const;
  Problem refusal_of(const api::BackendTLSPolicy& policy, bool any_ca) const;

  const api::Resources& resources_;
  std::map<api::ObjectKey, std::vector<Targeted>> by_service_;  // older policies first
};

}  // namespace cardea::translate
