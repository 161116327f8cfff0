// SPDX-License-Identifier: Apache-2.0
#include "translate/memory.h"

#include <fmt/format.h>

#include "base/x509.h"
#include "plan/hash.h"
#include "translate/backends.h"

namespace cardea::translate {
namespace {

CheckedCertificate check(const api::Ref<api::Secret>& secret) {
  CheckedCertificate checked{.secret = secret, .certificate = nullptr, .names = {}, .fault = {}};
  const std::string* chain = secret->data.find("tls.crt");
  const std::string* key = secret->data.find("tls.key");
  if (!chain || !key) {
    checked.fault = fmt::format("it has no key {}", chain ? "tls.key" : "tls.crt");
    return checked;
  }
  auto info = base::check_certificate(*chain, *key);
  if (!info) {
    checked.fault = info.error().message;
    return checked;
  }
  checked.names = std::move(info->dns_names);
  checked.certificate = plan::seal(
      plan::Certificate{.id = api::to_text(secret->metadata.key()), .chain_pem = *chain, .key_pem = *key, .hash = {}});
  return checked;
}

CheckedBundle check(const api::Ref<api::ConfigMap>& config_map) {
  CheckedBundle checked{.config_map = config_map, .bundle = nullptr, .fault = {}};
  const std::string* pem = config_map->data.find("ca.crt");
  if (!pem) pem = config_map->binary_data.find("ca.crt");
  if (!pem) {
    checked.fault = "it has no key ca.crt";
    return checked;
  }
  if (const auto good = base::check_ca_bundle(*pem); !good) {
    checked.fault = "ca.crt: " + good.error().message;
    return checked;
  }
  checked.bundle = plan::seal(plan::CaBundle{.id = api::to_text(config_map->metadata.key()), .pem = *pem, .hash = {}});
  return checked;
}

// What was found out about that very object, also the last time.
template <class Object, class Checked>
const Checked& check_once(const api::Ref<Object>& object, std::unordered_map<const Object*, Checked>& known,
                          const std::unordered_map<const Object*, Checked>* old) {
  if (const auto found = known.find(object.get()); found != known.end()) return found->second;
  if (old) {
    if (const auto kept = old->find(object.get()); kept != old->end()) return known.emplace(object.get(), kept->second).first->second;
  }
  return known.emplace(object.get(), check(object)).first->second;
}

}  // namespace

const CheckedCertificate& Memory::certificate(const api::Ref<api::Secret>& secret) {
  return check_once(secret, certificates, old ? &old->certificates : nullptr);
}

const CheckedBundle& Memory::ca_bundle(const api::Ref<api::ConfigMap>& config_map) {
  return check_once(config_map, ca_bundles, old ? &old->ca_bundles : nullptr);
}

const KeptBackend& Memory::backend(plan::Backend wanted, const std::string& port_name) {
  const auto [at, is_new] = backends.try_emplace(wanted.id);
  KeptBackend& made = at->second;
  if (!is_new) return made;
  made.port_name = port_name;
  if (old) {
    const auto kept = old->backends.find(wanted.id);
    if (kept != old->backends.end() && plan::same_content(*kept->second.backend, wanted)) made.backend = kept->second.backend;
  }
  if (!made.backend) made.backend = plan::seal(std::move(wanted));
  return made;
}

const KeptBackend& Memory::backend_again(const std::string& id) {
  if (const auto known = backends.find(id); known != backends.end()) return known->second;
  return backends.emplace(id, old->backends.at(id)).first->second;
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
