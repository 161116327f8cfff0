// SPDX-License-Identifier: Apache-2.0
// What one translation keeps for the next: results of steps whose inputs are the same objects again. Only for speed;
// without it every answer is the same. Here stands each step's key, which is everything that its result depends on.
//
// Objects are kept alive by whoever is keyed by their address, so an address never comes to mean another object.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "api/resources.h"
#include "plan/diff.h"
#include "plan/plan.h"
#include "translate/model.h"
#include "translate/options.h"
#include "translate/route_rules.h"
#include "translate/status/status.h"

namespace cardea::translate {

struct CheckedCertificate {
  api::Ref<api::Secret> secret;
  plan::Ref<plan::Certificate> certificate;  // null: `fault` says why
  std::vector<std::string> names;  // DNS names that it is good for
  std::string fault;
};

struct CheckedBundle {
  api::Ref<api::ConfigMap> config_map;
  plan::Ref<plan::CaBundle> bundle;  // null: `fault` says why
  std::string fault;
};

struct KeptBackend {
  plan::Ref<plan::Backend> backend;
  std::string port_name;
};

struct KeptRoute {
  std::shared_ptr<const BuiltRoute> built;
  std::shared_ptr<const ObjectStatus> status;
};

struct KeptEndpoints {
  std::vector<api::Ref<api::EndpointSlice>> slices;
  std::string port_name;
  plan::Ref<plan::BackendEndpoints> endpoints;
};

struct KeptHost {
  std::vector<const RankedMatch*> matches;  // of the built routes below
  plan::Ref<plan::VirtualHost> host;
};

struct HostKey {
  plan::ObjectName gateway;
  plan::ListenerId listener;
  std::string hostname;
  auto operator<=>(const HostKey&) const = default;
};

struct Memory {
  const Memory* old = nullptr;  // of the translation before, while this one runs
  // Whether all that decides what routes attach to, and all that decides what backendRefs mean, is as it was.
  bool same_parents = false;
  bool same_backends = false;

  std::unordered_map<const api::Secret*, CheckedCertificate> certificates;
  std::unordered_map<const api::ConfigMap*, CheckedBundle> ca_bundles;
  std::unordered_map<std::string, KeptBackend> backends;
  std::unordered_map<std::string, KeptEndpoints> kept_endpoints;
  std::unordered_map<const void*, KeptRoute> routes;  // by the HTTPRoute or GRPCRoute
  std::map<HostKey, KeptHost> hosts;

  // All that plans and most statuses depend on, and the Gateways as they came out: where only what was observed differs,
  // nothing else is looked at again.
  api::Resources resources;
  Options options;
  Gateways gateways;

  const CheckedCertificate& certificate(const api::Ref<api::Secret>& secret);
  const CheckedBundle& ca_bundle(const api::Ref<api::ConfigMap>& config_map);
  // The Backend that `wanted` (unsealed) tells, and the name of its Service port.
  const KeptBackend& backend(plan::Backend wanted, const std::string& port_name);
  // The Backend of that id as it was in this translation, else in the last one.
  const KeptBackend& backend_again(const std::string& id);
  plan::Ref<plan::BackendEndpoints> endpoints(const std::string& id, const std::string& port_name,
                                              const std::vector<api::Ref<api::EndpointSlice>>& slices);
};

}  // namespace cardea::translate
