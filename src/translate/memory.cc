// SPDX-License-Identifier: Apache-2.0
#include "translate/memory.h"

#include <fmt/format.h>

#include "base/x509.h"
#include "plan/hash.h"
#include "translate/backends.h"

namespace cardea::translate {
namespace {

CheckedCertificate check(const api::Ref<api::Secret>& secret) {
  CheckedCertificate checked{.secret = secret, .certificate = nullptr, .fault = {}};
  const std::string* chain = secret->data.find("tls.crt");
  const std::string* key = secret->data.find("tls.key");
  if (!chain || !key) {
    checked.fault = fmt::format("it has no key {}", chain ? "tls.key" : "tls.crt");
    return checked;
  }
  if (const auto info = base::check_certificate(*chain, *key); !info) {
    checked.fault = info.error().message;
    return checked;
  }
  checked.certificate = plan::seal(
      plan::Certificate{.id = api::to_text(secret->metadata.key()), .chain_pem = *chain, .key_pem = *key, .hash = {}});
  return checked;
}

}  // namespace

const CheckedCertificate& Memory::certificate(const api::Ref<api::Secret>& secret) {
  if (const auto known = certificates.find(secret.get()); known != certificates.end()) return known->second;
  if (old) {
    const auto kept = old->certificates.find(secret.get());
    if (kept != old->certificates.end()) return certificates.emplace(secret.get(), kept->second).first->second;
  }
  return certificates.emplace(secret.get(), check(secret)).first->second;
}

const KeptBackend& Memory::backend(const std::string& id, const std::string* port_name) {
  const auto [at, is_new] = backends.try_emplace(id);
  KeptBackend& made = at->second;
  if (!is_new) return made;
  const KeptBackend* kept = nullptr;
  if (old) {
    const auto found = old->backends.find(id);
    if (found != old->backends.end()) kept = &found->second;
  }
  made.backend = kept ? kept->backend : plan::seal(plan::Backend{.id = id, .protocol = {}, .hash = {}});
  made.port_name = port_name ? *port_name : kept ? kept->port_name : std::string();
  return made;
}

plan::Ref<plan::BackendEndpoints> Memory::endpoints(const std::string& id, const std::string& port_name,
                                                    const std::vector<api::Ref<api::EndpointSlice>>& slices) {
  const KeptEndpoints* kept = nullptr;
  if (old) {
    const auto found = old->kept_endpoints.find(id);
    if (found != old->kept_endpoints.end()) kept = &found->second;
  }
  if (kept && kept->port_name == port_name && kept->slices == slices) {
    return kept_endpoints.insert_or_assign(id, *kept).first->second.endpoints;
  }
  auto sealed = plan::seal(plan::BackendEndpoints{.backend_id = id, .endpoints = merge_slices(slices, port_name), .hash = {}});
  if (kept && kept->endpoints->hash == sealed->hash) sealed = kept->endpoints;
  return kept_endpoints.insert_or_assign(id, KeptEndpoints{slices, port_name, std::move(sealed)}).first->second.endpoints;
}

}  // namespace cardea::translate
