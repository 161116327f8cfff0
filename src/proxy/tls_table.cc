// SPDX-License-Identifier: Apache-2.0
#include "proxy/tls_table.h"

#include <map>
#include <utility>

namespace cardea::proxy {
namespace {

using Certificates = std::map<std::pair<plan::ObjectName, std::string>, plan::Ref<plan::Certificate>>;

Certificates index_certificates(const plan::PlanSet& plans) {
  Certificates index;
  for (const auto& plan : plans) {
    if (!plan->secrets) continue;
    for (const auto& certificate : plan->secrets->certificates) index[{plan->gateway, certificate->id}] = certificate;
  }
  return index;
}

std::string listener_text(const CompiledListener& listener) { return "listener " + listener.plan().name; }

// Loads what loads; a certificate that does not is refused alone.
std::shared_ptr<const net::TlsContext> load(const CompiledListener& listener,
                                            const std::vector<plan::Ref<plan::Certificate>>& certificates,
                                            std::vector<Refusal>& refusals) {
  net::TlsContextOptions options;
  options.alpn = {"http/1.1"};
  options.session_scope = std::to_string(listener.id());
  for (const auto& certificate : certificates) {
    const net::TlsCertificate texts{certificate->chain_pem, certificate->key_pem};
    net::TlsContextOptions alone;
    alone.certificates = {texts};
    auto checked = net::TlsContext::create(alone);
    if (checked) options.certificates.push_back(texts);
    else refusals.push_back({listener.gateway(), "certificate " + certificate->id, checked.error().message});
  }
  if (options.certificates.empty()) return nullptr;
  auto context = net::TlsContext::create(options);
  if (context) return *context;
  refusals.push_back({listener.gateway(), listener_text(listener), context.error().message});
  return nullptr;
}

}  // namespace

std::shared_ptr<const TlsTable> TlsTable::build(const plan::PlanSet& plans, const RouteTable& routes,
                                                const TlsTable* previous, std::vector<Refusal>& refusals) {
  const Certificates certificates = index_certificates(plans);
  auto table = std::make_shared<TlsTable>();
  for (const auto& listener : routes.listeners()) {
    if (!listener->is_tls() || !listener->plan().tls) continue;
    std::vector<plan::Ref<plan::Certificate>> wanted;
    std::string content;
    for (const auto& id : listener->plan().tls->certificates) {
      const auto found = certificates.find({listener->gateway(), id});
      if (found == certificates.end()) {
        refusals.push_back({listener->gateway(), listener_text(*listener), "the plan has no certificate " + id});
        continue;
      }
      wanted.push_back(found->second);
      content.append(reinterpret_cast<const char*>(found->second->hash.bytes.data()), found->second->hash.bytes.size());
    }
    const Entry* old = nullptr;
    if (previous) {
      const auto found = previous->contexts_.find(listener->id());
      if (found != previous->contexts_.end() && found->second.content == content) old = &found->second;
    }
    Entry entry = old && old->context ? *old : Entry{content, load(*listener, wanted, refusals)};
    if (entry.context) table->contexts_.emplace(listener->id(), std::move(entry));
  }
  return table;
}

}  // namespace cardea::proxy
