// SPDX-License-Identifier: Apache-2.0
#include "proxy/backend_tls.h"

#include <utility>

#include <fmt/format.h>

#include "base/hash.h"

namespace cardea::proxy {

// Of one Gateway.
class BackendTlsTable::Builder {
 public:
  Builder(BackendTlsTable& table, const BackendTlsTable* previous, const plan::Plan& plan, const SecretIndex& secrets,
          const net::TlsRules& rules, std::vector<Refusal>& refusals)
      : table_(table), previous_(previous), plan_(plan), secrets_(secrets), rules_(rules), refusals_(refusals) {
    const std::string& id = plan.routing->client_certificate;
    if (!id.empty()) certificate_ = secrets.certificate(plan.gateway, id);
  }

  std::shared_ptr<const BackendTls> build(const plan::Backend& backend) {
    context_content_ = certificate_ ? identity_of(certificate_->hash) : plan_.routing->client_certificate;
    const net::TlsRules rules = rules_for(*backend.tls);
    context_content_ += fmt::format("|{}|{}|{}|{}|", rules.min_version == net::TlsVersion::Tls13, rules.ciphers, rules.cipher_suites,
                                    backend.tls->system_roots);
    bundles_.clear();
    problem_.clear();
    gather(*backend.tls);
    std::string content = context_content_ + identity_of(backend.hash);
    if (const auto known = take(&BackendTlsTable::by_content_, content); known && known->context) {
      static_cast<void>(take(&BackendTlsTable::contexts_, context_content_));  // kept for others, too
      return known;
    }
    auto made = std::make_shared<BackendTls>();
    made->id = table_.next_id_++;
    made->hostname = backend.tls->hostname;
    for (const auto& name : backend.tls->subject_alt_names) {
      const bool is_uri = name.type == plan::SubjectAltNameType::URI;
      made->names.push_back({is_uri ? net::TlsName::Kind::Uri : net::TlsName::Kind::Dns, name.value});
    }
    made->context = context(*backend.tls);
    if (!made->context && !lacks_certificate()) refusals_.push_back({plan_.gateway, "TLS to backend " + backend.id, problem_});
    return table_.by_content_[std::move(content)] = std::move(made);
  }

 private:
  // The plan was made so on purpose, and the Gateway's status tells why.
  bool lacks_certificate() const { return !plan_.routing->client_certificate.empty() && !certificate_; }

  // The settings' rules, but for what the policy asks for itself.
  net::TlsRules rules_for(const plan::BackendTls& tls) const {
    net::TlsRules rules = rules_;
    if (!tls.min_version.empty()) rules.min_version = tls.min_version == "1.3" ? net::TlsVersion::Tls13 : net::TlsVersion::Tls12;
    return rules;
  }

  void gather(const plan::BackendTls& tls) {
    if (lacks_certificate()) problem_ = "the client certificate " + plan_.routing->client_certificate + " cannot be used";
    for (const auto& id : tls.ca_bundles) {
      if (const auto* found = secrets_.ca_bundle(plan_.gateway, id)) {
        bundles_.push_back(found->pem);
        context_content_ += identity_of(found->hash);
      } else {
        context_content_ += '|' + id + '|';
        problem_ = "the plan has no CA bundle " + id;
      }
    }
  }

  std::shared_ptr<const net::TlsClientContext> context(const plan::BackendTls& tls) {
    if (!problem_.empty()) return nullptr;
    if (auto known = take(&BackendTlsTable::contexts_, context_content_)) return known;
    net::TlsClientOptions options;
    options.ca_pem = bundles_;
    options.system_roots = tls.system_roots;
    options.rules = rules_for(tls);
    if (certificate_) options.certificate = net::TlsCertificate{certificate_->chain_pem, certificate_->key_pem};
    auto made = net::TlsClientContext::create(options);
    if (!made) {
      problem_ = made.error().message;
      return nullptr;
    }
    return table_.contexts_[context_content_] = std::move(*made);
  }

  // Of this table, or of the one before.
  template <class Map>
  typename Map::mapped_type take(Map BackendTlsTable::* map, const std::string& content) {
    auto& own = table_.*map;
    if (const auto found = own.find(content); found != own.end()) return found->second;
    if (!previous_) return nullptr;
    const auto found = (previous_->*map).find(content);
    return found == (previous_->*map).end() ? nullptr : own.emplace(*found).first->second;
  }

  BackendTlsTable& table_;
  const BackendTlsTable* previous_;
  const plan::Plan& plan_;
  const SecretIndex& secrets_;
  const net::TlsRules& rules_;
  std::vector<Refusal>& refusals_;
  const plan::Certificate* certificate_ = nullptr;
  std::vector<std::string_view> bundles_;
  std::string context_content_;
  std::string problem_;
};

std::shared_ptr<const BackendTlsTable> BackendTlsTable::build(const plan::PlanSet& plans, const SecretIndex& secrets,
                                                              SettingsTable& settings, const BackendTlsTable* previous,
                                                              std::vector<Refusal>& refusals) {
  auto table = std::make_shared<BackendTlsTable>();
  if (previous) table->next_id_ = previous->next_id_;
  for (const auto& plan : plans) {
    Builder builder(*table, previous, *plan, secrets, settings.of(*plan).settings.backend_tls, refusals);
    for (const auto& backend : plan->routing->backends) {
      if (backend->tls) table->gateways_[plan->gateway].emplace(backend->hash, builder.build(*backend));
    }
  }
  return table;
}

const BackendTls* BackendTlsTable::find(const plan::ObjectName& gateway, const plan::Backend& backend) const {
  if (!backend.tls) return nullptr;
  const auto of_gateway = gateways_.find(gateway);
  if (of_gateway == gateways_.end()) return nullptr;
  const auto found = of_gateway->second.find(backend.hash);
  return found == of_gateway->second.end() ? nullptr : found->second.get();
}

}  // namespace cardea::proxy
