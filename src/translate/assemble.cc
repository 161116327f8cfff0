// SPDX-License-Identifier: Apache-2.0
#include "translate/assemble.h"

#include <algorithm>
#include <unordered_set>

#include "plan/hash.h"
#include "plan/used_backends.h"
#include "translate/backends.h"
#include "translate/ca_bundle.h"
#include "translate/listener.h"
#include "translate/listener_conflict.h"
#include "translate/memory.h"

namespace cardea::translate {
namespace {

plan::ObjectName name_of(const api::ObjectMeta& metadata) { return {metadata.namespace_, metadata.name}; }

plan::Protocol to_plan(api::ProtocolType protocol) {
  switch (protocol) {
    case api::ProtocolType::HTTPS: return plan::Protocol::HTTPS;
    case api::ProtocolType::TLS: return plan::Protocol::TLS;
    case api::ProtocolType::TCP: return plan::Protocol::TCP;
    case api::ProtocolType::UDP: return plan::Protocol::UDP;
    case api::ProtocolType::HTTP:
    case api::ProtocolType::Unknown: break;
  }
  return plan::Protocol::HTTP;
}

plan::Ref<plan::VirtualHost> virtual_host(HostKey key, std::vector<const RankedMatch*>& matches, Context& context) {
  sort_by_precedence(matches);
  const Memory* old = context.memory.old;
  const auto kept = old ? old->hosts.find(key) : decltype(old->hosts.end()){};
  plan::Ref<plan::VirtualHost> host;
  if (old && kept != old->hosts.end() && kept->second.matches == matches) {
    host = kept->second.host;
  } else {
    host = plan::seal(plan::VirtualHost{.hostname = key.hostname, .matches = without_ranks(matches), .hash = {}});
  }
  context.memory.hosts.emplace(std::move(key), KeptHost{matches, host});
  return host;
}

plan::Ref<plan::Listener> plan_listener(ListenerModel& model, Context& context) {
  const api::Listener& spec = *model.spec;
  plan::Listener listener;
  listener.from_listener_set = model.set != nullptr;
  listener.owner = name_of(model.owner());
  listener.name = spec.name;
  listener.addresses = model.gateway->addresses;
  listener.port = spec.port;
  listener.bind_port = bind_port_of(model, context.options);
  listener.advertised_port = context.options.advertise_port_map ? listener.bind_port : listener.port;
  listener.protocol = to_plan(spec.protocol.value);
  listener.hostname = model.hostname;
  if (support_of(spec.protocol.value).terminates_tls) {
    listener.tls.emplace();
    for (const auto& certificate : model.certificates) {
      auto& ids = listener.tls->certificates;
      if (std::ranges::find(ids, certificate->id) == ids.end()) ids.push_back(certificate->id);
    }
  }
  if (listener.tls) {
    listener.tls->clients = model.clients;
    listener.tls->min_version = model.tls_min_version;
  }
  const plan::ObjectName gateway = name_of(model.gateway->object->metadata);
  for (auto& [hostname, matches] : model.hosts) {
    listener.virtual_hosts.push_back(virtual_host({gateway, plan::id_of(listener), hostname}, matches, context));
  }
  return plan::seal(std::move(listener));
}

std::vector<plan::Ref<plan::Backend>> backends_of(const std::vector<plan::Ref<plan::Listener>>& listeners) {
  std::unordered_set<const plan::Rule*> rules;
  std::unordered_set<const plan::Backend*> known;
  std::vector<plan::Ref<plan::Backend>> backends;
  for (const auto& listener : listeners) {
    for (const auto& host : listener->virtual_hosts) {
      for (const auto& match : host->matches) {
        if (!rules.insert(match.rule.get()).second) continue;
        plan::for_each_backend(*match.rule, [&](const plan::Ref<plan::Backend>& backend) {
          if (known.insert(backend.get()).second) backends.push_back(backend);
        });
      }
    }
  }
  std::ranges::sort(backends, {}, [](const auto& backend) -> const std::string& { return backend->id; });
  return backends;
}

// Each once, by id.
template <class Part>
void sort_and_merge(std::vector<plan::Ref<Part>>& parts) {
  std::ranges::sort(parts, {}, [](const auto& part) -> const std::string& { return part->id; });
  const auto repeated = std::ranges::unique(parts);
  parts.erase(repeated.begin(), repeated.end());
}

void add_ca_bundles(const plan::Backend& backend, Context& context, std::vector<plan::Ref<plan::CaBundle>>& bundles) {
  if (!backend.tls) return;
  for (const std::string& id : backend.tls->ca_bundles) {
    const auto slash = id.find('/');
    auto found = find_ca_bundle({id.substr(0, slash), id.substr(slash + 1)}, context.resources, context.memory);
    if (found) bundles.push_back(std::move(*found));
  }
}

plan::Ref<plan::Secrets> secrets_of(const GatewayModel& gateway, const plan::Routing& routing, Context& context) {
  plan::Secrets secrets;
  const bool to_backends = std::ranges::any_of(routing.backends, [](const auto& backend) { return backend->tls.has_value(); });
  if (to_backends && gateway.client_certificate) secrets.certificates.push_back(gateway.client_certificate);
  for (const ListenerModel* listener : gateway.all_listeners()) {
    if (!listener->planned) continue;
    for (const auto& certificate : listener->certificates) secrets.certificates.push_back(certificate);
    for (const auto& bundle : listener->client_ca_bundles) secrets.ca_bundles.push_back(bundle);
  }
  for (const auto& backend : routing.backends) add_ca_bundles(*backend, context, secrets.ca_bundles);
  sort_and_merge(secrets.certificates);
  sort_and_merge(secrets.ca_bundles);
  return plan::seal(std::move(secrets));
}

}  // namespace

plan::Ref<plan::Plan> assemble_plan(GatewayModel& gateway, Context& context) {
  if (gateway.refusal) return nullptr;
  plan::Routing routing;
  for (ListenerModel* listener : gateway.all_listeners()) {
    if (!in_plan(*listener)) continue;
    listener->planned = plan_listener(*listener, context);
    routing.listeners.push_back(listener->planned);
  }
  routing.backends = backends_of(routing.listeners);
  routing.client_certificate = gateway.client_certificate_id;
  plan::Endpoints endpoints;
  for (const auto& backend : routing.backends) endpoints.backends.push_back(context.backends.endpoints_of(backend->id));
  plan::Plan plan;
  plan.gateway = name_of(gateway.object->metadata);
  plan.generation = gateway.object->metadata.generation;
  plan.routing = plan::seal(std::move(routing));
  plan.endpoints = plan::seal(std::move(endpoints));
  plan.secrets = secrets_of(gateway, *plan.routing, context);
  plan.settings = plan::seal(plan::Settings{.values = gateway.settings, .hash = {}});
  return plan::seal(std::move(plan));
}

}  // namespace cardea::translate
