// SPDX-License-Identifier: Apache-2.0
#include "translate/frontend_validation.h"

#include <algorithm>

#include <fmt/format.h>

#include "translate/ca_bundle.h"

namespace cardea::translate {
namespace {

// What applies to that port: its own entry, which replaces the default as a whole, or the default.
const api::FrontendTLSValidation* validation_of(const api::FrontendTLSConfig& config, std::uint16_t port) {
  const auto own = std::ranges::find(config.per_port, port, &api::TLSPortConfig::port);
  const api::TLSConfig& applies = own == config.per_port.end() ? config.default_ : own->tls;
  return applies.validation ? &*applies.validation : nullptr;
}

struct CaLookup {
  plan::Ref<plan::CaBundle> bundle;
  Problem problem;  // when there is none
};

CaLookup look_up(const api::ObjectReference& ref, const std::string& gateway_namespace, Context& context) {
  const api::ObjectKey key{ref.namespace_.empty() ? gateway_namespace : ref.namespace_, ref.name};
  const std::string id = fmt::format("spec.tls.frontend: {} {}", ref.kind, api::to_text(key));
  const auto refuse = [](std::string_view why, std::string message) { return CaLookup{nullptr, {why, std::move(message)}}; };
  if (!may_hold_ca_certificates(ref.group, ref.kind)) {
    return refuse(reason::kInvalidCaCertificateKind, id + ": only a ConfigMap can hold CA certificates");
  }
  if (!context.grants.permit({.kind = api::Gateway::kKind, .namespace_ = gateway_namespace},
                             {"", api::ConfigMap::kKind, key.namespace_, key.name})) {
    return refuse(reason::kRefNotPermitted, fmt::format("{}: no ReferenceGrant in namespace {} lets Gateways of namespace {} "
                                                        "refer to it", id, key.namespace_, gateway_namespace));
  }
  auto found = find_ca_bundle(key, context.resources, context.memory);
  if (!found) return refuse(reason::kInvalidCaCertificateRef, fmt::format("{}: {}", id, found.error().message));
  return {std::move(*found), {}};
}

}  // namespace

void check_frontend_validation(ListenerModel& listener, Context& context) {
  const api::GatewaySpec& spec = listener.gateway->object->spec;
  if (!spec.tls || !spec.tls->frontend) return;
  const api::FrontendTLSValidation* validation = validation_of(*spec.tls->frontend, listener.spec->port);
  if (!validation) return;
  listener.clients.emplace();
  if (validation->mode == api::FrontendValidationMode::AllowInsecureFallback) {
    listener.clients->mode = plan::ClientValidationMode::AllowInsecureFallback;
  }
  for (const api::ObjectReference& ref : validation->ca_certificate_refs) {
    auto [bundle, problem] = look_up(ref, listener.gateway->object->metadata.namespace_, context);
    if (!bundle) {
      if (!listener.unresolved) listener.unresolved = std::move(problem);
    } else if (std::ranges::find(listener.client_ca_bundles, bundle) == listener.client_ca_bundles.end()) {
      listener.clients->ca_bundles.push_back(bundle->id);
      listener.client_ca_bundles.push_back(std::move(bundle));
    }
  }
  if (validation->mode.is_unknown()) {
    listener.refusal = {reason::kUnsupportedValue, fmt::format("spec.tls.frontend: mode {} is not known; every TLS handshake "
                                                               "is refused", validation->mode.text())};
  } else if (listener.client_ca_bundles.empty()) {
    listener.refusal = {reason::kNoValidCaCertificate, "No CA certificate to check clients with; every TLS handshake is refused"};
  }
  listener.keeps_hostname = listener.keeps_hostname || listener.refusal.has_value();
}

bool has_insecure_fallback(const api::GatewaySpec& spec) {
  if (!spec.tls || !spec.tls->frontend) return false;
  const auto insecure = [](const api::TLSConfig& config) {
    return config.validation && config.validation->mode == api::FrontendValidationMode::AllowInsecureFallback;
  };
  const api::FrontendTLSConfig& frontend = *spec.tls->frontend;
  return insecure(frontend.default_) ||
         std::ranges::any_of(frontend.per_port, [&](const api::TLSPortConfig& port) { return insecure(port.tls); });
}

}  // namespace cardea::translate
