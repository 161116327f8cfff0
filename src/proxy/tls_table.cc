// SPDX-License-Identifier: Apache-2.0
#include "proxy/tls_table.h"

#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "base/hash.h"
#include "plan/names.h"
#include "proxy/settings.h"

namespace cardea::proxy {
namespace {

// What a listener's context is built from, found in the plan's Secrets.
struct Materials {
  std::vector<const plan::Certificate*> certificates;
  std::vector<const plan::CaBundle*> ca_bundles;
  std::string clients;  // identity of what is asked of clients
  bool complete = true;  // else nothing may be served
};

// The settings' rules, but for what the listener asks for itself.
net::TlsRules rules_of(const CompiledListener& listener) {
  net::TlsRules rules = listener.settings().settings.tls;
  const std::string& own = listener.plan().tls->min_version;
  if (!own.empty()) rules.min_version = own == "1.3" ? net::TlsVersion::Tls13 : net::TlsVersion::Tls12;
  return rules;
}

std::uint64_t number_of(std::string_view identity) {
  const base::Hash128 hash = base::hash128(identity);
  std::uint64_t number = 0;
  std::memcpy(&number, hash.bytes.data(), sizeof number);
  return number;
}

class Builder {
 public:
  Builder(const SecretIndex& secrets, std::vector<Refusal>& refusals) : secrets_(secrets), refusals_(refusals) {}

  Materials gather(const CompiledListener& listener) {
    Materials materials;
    const plan::ListenerTls& tls = *listener.plan().tls;
    for (const auto& id : tls.certificates) {
      const auto* found = secrets_.certificate(listener.gateway(), id);
      if (found) materials.certificates.push_back(found);
      else refuse(listener, "the plan has no certificate " + id);
    }
    if (!tls.clients) return materials;
    materials.clients = plan::to_string(tls.clients->mode);
    for (const auto& id : tls.clients->ca_bundles) {
      const auto* found = secrets_.ca_bundle(listener.gateway(), id);
      if (found) {
        materials.ca_bundles.push_back(found);
        materials.clients += identity_of(found->hash);
      } else {
        refuse(listener, "the plan has no CA bundle " + id);
        materials.complete = false;
      }
    }
    return materials;
  }

  static std::string content_of(const CompiledListener& listener, const Materials& materials) {
    const net::TlsRules rules = rules_of(listener);
    const std::string_view version = rules.min_version == net::TlsVersion::Tls13 ? "1.3" : "1.2";
    std::string content = fmt::format("{}|{}|{}|{}|", materials.clients, version, rules.ciphers, rules.cipher_suites);
    for (const auto* certificate : materials.certificates) content += identity_of(certificate->hash);
    return content;
  }

  // Loads what loads; a certificate that does not is refused alone.
  static std::shared_ptr<const net::TlsContext> load(const CompiledListener& listener, const Materials& materials,
                                                     std::vector<Refusal>& refusals) {
    net::TlsContextOptions options;
    options.alpn = {"h2", "http/1.1"};
    options.rules = rules_of(listener);
    options.session_scope = std::to_string(listener.id()) + '|' + materials.clients;
    if (listener.plan().tls->clients) options.clients = client_rules(*listener.plan().tls->clients, materials);
    for (const auto* certificate : materials.certificates) add(listener, *certificate, options, refusals);
    if (options.certificates.empty()) return nullptr;
    auto context = net::TlsContext::create(options);
    if (context) return *context;
    refusals.push_back({listener.gateway(), "listener " + listener.plan().name, context.error().message});
    return nullptr;
  }

 private:
  void refuse(const CompiledListener& listener, std::string reason) {
    refusals_.push_back({listener.gateway(), "listener " + listener.plan().name, std::move(reason)});
  }

  static net::ClientCertificateRules client_rules(const plan::ClientValidation& clients, const Materials& materials) {
    net::ClientCertificateRules rules;
    rules.required = clients.mode == plan::ClientValidationMode::AllowValidOnly;
    for (const auto* bundle : materials.ca_bundles) rules.ca_pem.push_back(bundle->pem);
    return rules;
  }

  static void add(const CompiledListener& listener, const plan::Certificate& certificate, net::TlsContextOptions& options,
                  std::vector<Refusal>& refusals) {
    const net::TlsCertificate texts{certificate.chain_pem, certificate.key_pem};
    net::TlsContextOptions alone;
    alone.certificates = {texts};
    const auto checked = net::TlsContext::create(alone);
    if (checked) options.certificates.push_back(texts);
    else refusals.push_back({listener.gateway(), "certificate " + certificate.id, checked.error().message});
  }

  const SecretIndex& secrets_;
  std::vector<Refusal>& refusals_;
};

}  // namespace

std::shared_ptr<const TlsTable> TlsTable::build(const SecretIndex& secrets, const RouteTable& routes,
                                                const TlsTable* previous, std::vector<Refusal>& refusals) {
  Builder builder(secrets, refusals);
  auto table = std::make_shared<TlsTable>();
  for (const auto& listener : routes.listeners()) {
    if (!listener->is_tls() || !listener->plan().tls) continue;
    const Materials materials = builder.gather(*listener);
    if (!materials.clients.empty()) table->client_terms_.emplace(listener->id(), number_of(materials.clients));
    if (!materials.complete) continue;
    std::string content = Builder::content_of(*listener, materials);
    const Entry* old = nullptr;
    if (previous) {
      const auto found = previous->contexts_.find(listener->id());
      if (found != previous->contexts_.end() && found->second.content == content) old = &found->second;
    }
    Entry entry = old ? *old : Entry{std::move(content), nullptr, {}};
    if (!old) entry.context = Builder::load(*listener, materials, entry.refusals);
    refusals.insert(refusals.end(), entry.refusals.begin(), entry.refusals.end());
    if (entry.context) table->contexts_.emplace(listener->id(), std::move(entry));
  }
  return table;
}

}  // namespace cardea::proxy
