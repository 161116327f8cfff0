// SPDX-License-Identifier: Apache-2.0
#include "translate/frontend_validation.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/x509.h"

namespace cardea::translate {
namespace {

// What applies to that port: its own entry, which replaces the default as a whole, or the default.
const api::FrontendTLSValidation* validation_of(const api::FrontendTLSConfig& config, std::uint16_t port) {
  const auto own = std::ranges::find(config.per_port, port, &api::TLSPortConfig::port);
  const api::TLSConfig& applies = own == config.per_port.end() ? config.default_ : own->tls;
  return applies.validation ? &*applies.validation : nullptr;
}

std::optional<Problem> check_ca(const api::ObjectReference& ref, const std::string& gateway_namespace, Context& context) {
  const std::string& namespace_ = ref.namespace_.empty() ? gateway_namespace : ref.namespace_;
  const std::string id = fmt::format("{} {}/{}", ref.kind, namespace_, ref.name);
  if (!ref.group.empty() || ref.kind != api::ConfigMap::kKind) {
    return Problem{reason::kInvalidCaCertificateKind, fmt::format("{}: only a ConfigMap can hold CA certificates", id)};
  }
  if (!context.grants.permit({.kind = api::Gateway::kKind, .namespace_ = gateway_namespace},
                             {"", api::ConfigMap::kKind, namespace_, ref.name})) {
    return Problem{reason::kRefNotPermitted, fmt::format("{}: no ReferenceGrant in namespace {} lets Gateways of namespace {} "
                                                         "refer to it", id, namespace_, gateway_namespace)};
  }
  const auto* config_map = context.resources.find<api::ConfigMap>(namespace_, ref.name);
  const std::string* bundle = config_map ? config_map->data.find("ca.crt") : nullptr;
  if (!bundle) {
    return Problem{reason::kInvalidCaCertificateRef,
                   fmt::format("{} {}", id, config_map ? "has no key ca.crt" : "does not exist")};
  }
  const auto checked = base::check_ca_bundle(*bundle);
  if (checked) return std::nullopt;
  return Problem{reason::kInvalidCaCertificateRef, fmt::format("{}: ca.crt: {}", id, checked.error().message)};
}

}  // namespace

void check_frontend_validation(ListenerModel& listener, Context& context) {
  const api::GatewaySpec& spec = listener.gateway->object->spec;
  if (!spec.tls || !spec.tls->frontend) return;
  const api::FrontendTLSValidation* validation = validation_of(*spec.tls->frontend, listener.spec->port);
  if (!validation) return;
  bool any_valid = false;
  for (const api::ObjectReference& ref : validation->ca_certificate_refs) {
    auto problem = check_ca(ref, listener.gateway->object->metadata.namespace_, context);
    any_valid |= !problem;
    if (problem && !listener.unresolved) listener.unresolved = std::move(problem);
  }
  listener.keeps_hostname = true;
  if (!any_valid) {
    listener.refusal = {reason::kNoValidCaCertificate, "No CA certificate to check clients with; every TLS handshake is refused"};
  } else {
    listener.refusal = {reason::kUnsupportedValue,
                        "spec.tls.frontend asks for checks of clients' certificates, which are not served yet; every TLS "
                        "handshake is refused"};
  }
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
