// SPDX-License-Identifier: Apache-2.0
#include "translate/listener_tls.h"

#include <fmt/format.h>

#include "translate/frontend_validation.h"
#include "translate/memory.h"
#include "translate/tls_options.h"

namespace cardea::translate {
namespace {

void check_certificates(ListenerModel& listener, Context& context) {
  const Referrer from{.kind = listener.owner_kind(), .namespace_ = listener.owner().namespace_};
  for (const api::SecretObjectReference& ref : listener.spec->tls->certificate_refs) {
    CertificateLookup found = find_certificate(ref, from, reason::kInvalidCertificateRef, context);
    if (found.certificate) {
      listener.certificates.push_back(std::move(found.certificate));
      listener.certificate_names.insert(listener.certificate_names.end(), found.names.begin(), found.names.end());
    }
    if (found.problem && !listener.unresolved) listener.unresolved = std::move(found.problem);
  }
}

void check_options(ListenerModel& listener) {
  auto options = read_tls_options(listener.spec->tls->options);
  if (options) {
    listener.tls_min_version = std::move(options->min_version);
  } else if (!listener.refusal) {
    listener.refusal = {reason::kUnsupportedValue, "tls." + options.error().message};
    listener.keeps_hostname = true;
  }
}

}  // namespace

void check_tls(ListenerModel& listener, bool terminates, Context& context) {
  if (listener.spec->tls) check_certificates(listener, context);
  if (!terminates) return;
  if (listener.spec->tls && listener.spec->tls->mode != api::TLSModeType::Terminate) {
    listener.refusal = {reason::kUnsupportedValue,
                        fmt::format("tls.mode {} cannot be used with protocol HTTPS", listener.spec->tls->mode.text())};
    listener.keeps_hostname = true;
  }
  if (listener.certificates.empty()) {
    listener.unserved = {reason::kInvalid, listener.unresolved ? "No certificate can be used; every TLS handshake is refused"
                                                               : "tls.certificateRefs names no certificate; every TLS "
                                                                 "handshake is refused"};
  }
  if (listener.spec->tls) check_options(listener);
  check_frontend_validation(listener, context);
  if (listener.keeps_hostname) listener.certificates.clear();
}

CertificateLookup find_certificate(const api::SecretObjectReference& ref, const Referrer& from, std::string_view invalid,
                                   Context& context) {
  const std::string& namespace_ = ref.namespace_.empty() ? std::string(from.namespace_) : ref.namespace_;
  const std::string id = fmt::format("{}/{}", namespace_, ref.name);
  const auto refuse = [&](std::string_view why, std::string message) {
    return CertificateLookup{nullptr, Problem{why, std::move(message)}, {}};
  };
  if (!ref.group.empty() || ref.kind != api::Secret::kKind) {
    return refuse(invalid, fmt::format("{} is a {} of group \"{}\"; only a Secret of the core group can hold a certificate", id,
                                       ref.kind, ref.group));
  }
  if (!context.grants.permit(from, {"", api::Secret::kKind, namespace_, ref.name})) {
    return refuse(reason::kRefNotPermitted,
                  fmt::format("Secret {}: no ReferenceGrant in namespace {} lets {}s of namespace {} refer to it", id,
                              namespace_, from.kind, from.namespace_));
  }
  const api::Ref<api::Secret>* secret = context.resources.all<api::Secret>().find_ref(namespace_, ref.name);
  if (!secret) return refuse(invalid, fmt::format("Secret {} does not exist", id));
  const CheckedCertificate& checked = context.memory.certificate(*secret);
  if (!checked.certificate) return refuse(invalid, fmt::format("Secret {}: {}", id, checked.fault));
  return {checked.certificate, std::nullopt, checked.names};
}

}  // namespace cardea::translate
