// SPDX-License-Identifier: Apache-2.0
// TLS of a listener: its certificates, and the checks of clients' certificates that the Gateway asks for (facts, 1.4,
// 2.3, 6.9, 6.18).
//
// What cannot be served as asked is not served at all: a listener without a usable certificate, or without a CA to check
// its clients with, keeps its hostname and refuses every handshake, so that no other listener answers for it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "translate/context.h"
#include "translate/model.h"

namespace cardea::translate {

void check_tls(ListenerModel& listener, bool terminates, Context& context);

// A reference to a Secret with a certificate and its key: the sealed part of the plan, or why there is none. Refusals are
// RefNotPermitted or `invalid`.
struct CertificateLookup {
  plan::Ref<plan::Certificate> certificate;
  std::optional<Problem> problem;
  std::vector<std::string> names{};  // DNS names that it is good for
};
CertificateLookup find_certificate(const api::SecretObjectReference& ref, const Referrer& from, std::string_view invalid,
                                   Context& context);

}  // namespace cardea::translate
