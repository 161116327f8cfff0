// SPDX-License-Identifier: Apache-2.0
// BackendTlsTable: how each Gateway speaks TLS to its backends (BackendTLSPolicy, and the Gateway's own client certificate).
// Built and freed on the control thread, read by workers when they connect.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "net/tls_client.h"
#include "plan/plan.h"
#include "proxy/data_plane.h"
#include "proxy/effective_settings.h"
#include "proxy/secret_index.h"

namespace cardea::proxy {

struct BackendTls {
  // Tells connections apart that were made under other terms: never 0, never given twice to different ones.
  std::uint64_t id = 0;
  std::shared_ptr<const net::TlsClientContext> context;  // null: it cannot be had as asked; connect to nobody
  std::string hostname;
  std::vector<net::TlsName> names;

  net::TlsPeer peer() const { return {.server_name = hostname, .any_of = names}; }
};

class BackendTlsTable {
 public:
  // What would come out the same is taken over from `previous` (may be null).
  static std::shared_ptr<const BackendTlsTable> build(const plan::PlanSet& plans, const SecretIndex& secrets,
                                                      SettingsTable& settings, const BackendTlsTable* previous,
                                                      std::vector<Refusal>& refusals);

  // Null: that backend is spoken to in plain text.
  const BackendTls* find(const plan::ObjectName& gateway, const plan::Backend& backend) const;

 private:
  class Builder;
  using ByBackend = std::unordered_map<plan::Hash, std::shared_ptr<const BackendTls>>;

  std::map<plan::ObjectName, ByBackend> gateways_;
  // Everything above by the identity of what it was built from; contexts too, which differ by fewer things.
  std::unordered_map<std::string, std::shared_ptr<const BackendTls>> by_content_;
  std::unordered_map<std::string, std::shared_ptr<const net::TlsClientContext>> contexts_;
  std::uint64_t next_id_ = 1;
};

}  // namespace cardea::proxy
