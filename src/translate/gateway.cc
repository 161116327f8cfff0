// SPDX-License-Identifier: Apache-2.0
#include "translate/gateway.h"

#include <algorithm>

#include <fmt/format.h>

#include "translate/frontend_validation.h"
#include "translate/gateway_address.h"
#include "translate/gateway_class.h"
#include "translate/listener.h"
#include "translate/listener_conflict.h"
#include "translate/listener_set.h"
#include "translate/listener_tls.h"
#include "translate/parameters.h"
#include "translate/tls_overlap.h"

namespace cardea::translate {
namespace {

std::optional<Problem> check_class(const api::GatewayClass& gateway_class, const api::Resources& resources) {
  auto refusal = refusal_of(gateway_class, resources);
  if (refusal) refusal->message = fmt::format("GatewayClass {}: {}", gateway_class.metadata.name, refusal->message);
  return refusal;
}

// spec.tls.backend: does not touch Accepted or Programmed.
void check_client_certificate(GatewayModel& gateway, Context& context) {
  const auto& tls = gateway.object->spec.tls;
  if (!tls || !tls->backend || !tls->backend->client_certificate_ref) return;
  const api::SecretObjectReference& ref = *tls->backend->client_certificate_ref;
  const std::string& own = gateway.object->metadata.namespace_;
  const Referrer from{.kind = api::Gateway::kKind, .namespace_ = own};
  auto found = find_certificate(ref, from, reason::kInvalidClientCertificateRef, context);
  gateway.client_certificate_id = fmt::format("{}/{}", ref.namespace_.empty() ? own : ref.namespace_, ref.name);
  gateway.client_certificate = std::move(found.certificate);
  // A listener may have the same one with a permission of its own.
  if (!gateway.client_certificate) gateway.client_certificate_id += " (refused)";
  gateway.unresolved = std::move(found.problem);
  if (gateway.unresolved) gateway.unresolved->message = "spec.tls.backend.clientCertificateRef: " + gateway.unresolved->message;
}

std::unique_ptr<GatewayModel> build_gateway(const api::Gateway& gateway, const api::GatewayClass& gateway_class,
                                            Context& context) {
  auto model = std::make_unique<GatewayModel>();
  model->object = &gateway;
  Parameters parameters = merge(parameters_of(gateway_class, context.resources), parameters_of(gateway, context.resources));
  model->refusal = check_class(gateway_class, context.resources);
  if (!model->refusal) model->refusal = std::move(parameters.problem);
  model->settings = std::move(parameters.settings);
  if (!model->refusal) model->refusal = check_addresses(gateway.spec);
  if (!model->refusal) model->addresses = addresses_to_bind(gateway.spec, context.options);
  check_client_certificate(*model, context);
  model->insecure_frontend = has_insecure_fallback(gateway.spec);
  model->listeners.reserve(gateway.spec.listeners.size());
  for (const api::Listener& listener : gateway.spec.listeners) {
    model->listeners.push_back(check_listener(listener, *model, nullptr, context));
  }
  refuse_indistinct(model->listeners);
  return model;
}

void add_sets(GatewayModel& gateway, const ListenerSets& sets, Claims& claims, Context& context) {
  for (const api::ListenerSet* set : sets.of(*gateway.object)) {
    auto model = check_listener_set(*set, gateway, context);
    if (!model->refusal) {
      for (ListenerModel& listener : model->listeners) claims.claim(listener);
    }
    gateway.sets.push_back(std::move(model));
  }
}

std::vector<const api::Gateway*> by_age(const api::Resources& resources) {
  std::vector<const api::Gateway*> gateways;
  for (const auto& gateway : resources.all<api::Gateway>()) gateways.push_back(gateway.get());
  std::ranges::sort(gateways, [](const api::Gateway* a, const api::Gateway* b) {
    return api::by_age(a->metadata, b->metadata) < 0;
  });
  return gateways;
}

}  // namespace

Gateways build_gateways(Context& context) {
  Gateways gateways;
  Claims claims(context.options);
  const ListenerSets sets(context.resources);
  for (const api::Gateway* gateway : by_age(context.resources)) {
    const auto* gateway_class = context.resources.find<api::GatewayClass>("", gateway->spec.gateway_class_name);
    if (!gateway_class || !is_ours(*gateway_class, context.options)) continue;
    auto model = build_gateway(*gateway, *gateway_class, context);
    if (!model->refusal) {
      for (ListenerModel& listener : model->listeners) claims.claim(listener);
    }
    add_sets(*model, sets, claims, context);
    mark_overlapping_tls(*model);
    gateways.push_back(std::move(model));
  }
  return gateways;
}

}  // namespace cardea::translate
