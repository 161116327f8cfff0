// SPDX-License-Identifier: Apache-2.0
#include "translate/backend_ref.h"


#include <fmt/format.h>

#include "translate/backend_tls_policy.h"
#include "translate/backends.h"

namespace cardea::translate {
namespace {

using plan::BackendFault;

// appProtocols of Kubernetes (GEP-1911). Others, also those that we do not know, ask for nothing special.
constexpr std::string_view kHttp2 = "kubernetes.io/h2c";
constexpr std::string_view kWebSocket = "kubernetes.io/ws";
constexpr std::string_view kWebSocketInTls = "kubernetes.io/wss";

// How a port wants to be spoken to. WebSockets begin in HTTP/1.1, with an upgrade; in TLS the backend may choose.
plan::BackendProtocol protocol_of(std::string_view app_protocol, bool tls) {
  if (app_protocol == kHttp2) return plan::BackendProtocol::Http2;
  if (!tls || app_protocol == kWebSocket || app_protocol == kWebSocketInTls) return plan::BackendProtocol::Http1;
  return plan::BackendProtocol::Negotiated;
}

class Resolver {
 public:
  Resolver(const api::BackendObjectReference& ref, const BackendUser& user, Context& context)
      : ref_(ref), user_(user), context_(context), namespace_(ref.namespace_.empty() ? std::string(user.namespace_) : ref.namespace_) {
    name_ = fmt::format("{}/{}", namespace_, ref.name);
    resolved_.service = {namespace_, ref.name};
    resolved_.id = ref.port ? fmt::format("{}:{}", name_, *ref.port) : name_;
  }

  ResolvedBackend resolve() && {
    if (check_kind() && check_grant() && check_existence() && check_protocol() && check_tls()) {
      const auto protocol = protocol_of(port_->app_protocol, tls_.has_value());
      resolved_.backend = context_.backends.use({.id = resolved_.id, .protocol = protocol, .tls = std::move(tls_)}, *port_);
    }
    return std::move(resolved_);
  }

 private:
  bool fail(BackendFault fault, std::string_view reason, std::string message) {
    resolved_.fault = fault;
    resolved_.problem = Problem{reason, std::move(message)};
    return false;
  }

  bool check_kind() {
    if (ref_.group.empty() && ref_.kind == api::Service::kKind) return true;
    return fail(BackendFault::InvalidKind, reason::kInvalidKind,
                fmt::format("backendRef {} is a {} of group \"{}\"; only a Service of the core group can be a backend", name_,
                            ref_.kind, ref_.group));
  }

  bool check_grant() {
    if (context_.grants.permit({.kind = user_.kind, .namespace_ = user_.namespace_},
                               {"", api::Service::kKind, namespace_, ref_.name})) {
      return true;
    }
    return fail(BackendFault::NotPermitted, reason::kRefNotPermitted,
                fmt::format("Service {}: no ReferenceGrant in namespace {} lets {}s of namespace {} refer to it", name_,
                            namespace_, user_.kind, user_.namespace_));
  }

  bool check_existence() {
    service_ = context_.resources.find<api::Service>(namespace_, ref_.name);
    if (!service_) return fail(BackendFault::NotFound, reason::kBackendNotFound, fmt::format("Service {} does not exist", name_));
    resolved_.client_ip_affinity = service_->spec.session_affinity == api::ServiceAffinity::ClientIP;
    if (service_->spec.type == api::ServiceType::ExternalName) {
      return fail(BackendFault::InvalidKind, reason::kUnsupportedValue,
                  fmt::format("Service {} is of type ExternalName, which is not supported", name_));
    }
    if (!ref_.port) {
      return fail(BackendFault::NotFound, reason::kBackendNotFound, fmt::format("backendRef {} names no port", name_));
    }
    // One number may stand for TCP and for UDP.
    for (const api::ServicePort& port : service_->spec.ports) {
      if (port.port != *ref_.port) continue;
      if (!port_ || port.protocol == user_.transport) port_ = &port;
    }
    if (port_) return true;
    return fail(BackendFault::NotFound, reason::kBackendNotFound, fmt::format("Service {} has no port {}", name_, *ref_.port));
  }

  bool check_protocol() {
    if (port_->protocol == user_.transport) return true;
    return fail(BackendFault::UnsupportedProtocol, reason::kUnsupportedProtocol,
                fmt::format("Service {}: port {} is for {}, which {}s cannot use", name_, *ref_.port, port_->protocol.text(),
                            user_.kind));
  }

  // What asks for TLS is never spoken to in plain text. That the policy is not as it should be is the policy's to say: the
  // reference is resolved.
  bool check_tls() {
    if (!user_.speaks_http) return true;
    const api::BackendTLSPolicy* policy = context_.policies.of(*service_, *port_);
    if (policy) {
      tls_ = context_.policies.verdict_of(*policy).tls;
      if (!tls_) resolved_.fault = BackendFault::InvalidTls;
      return tls_.has_value();
    }
    if (port_->app_protocol != kWebSocketInTls) return true;
    return fail(BackendFault::UnsupportedProtocol, reason::kUnsupportedProtocol,
                fmt::format("Service {}: port {} has appProtocol {}, and no BackendTLSPolicy says whom to trust there", name_,
                            *ref_.port, kWebSocketInTls));
  }

  const api::BackendObjectReference& ref_;
  const BackendUser& user_;
  Context& context_;
  const std::string namespace_;
  std::optional<plan::BackendTls> tls_;
  std::string name_;
  const api::Service* service_ = nullptr;
  const api::ServicePort* port_ = nullptr;
  ResolvedBackend resolved_;
};

}  // namespace

ResolvedBackend resolve_backend(const api::BackendObjectReference& ref, const BackendUser& user, Context& context) {
  return Resolver(ref, user, context).resolve();
}

}  // namespace cardea::translate
