// SPDX-License-Identifier: Apache-2.0
// TlsTable: the TLS context of every HTTPS listener of a route table. A listener without certificates has none, nor has one
// whose clients cannot be checked as it asks, and their handshakes are refused. Built and freed on the control thread, read
// by workers during handshakes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "net/tls.h"
#include "plan/plan.h"
#include "proxy/data_plane.h"
#include "proxy/route_table.h"
#include "proxy/secret_index.h"

namespace cardea::proxy {

class TlsTable {
 public:
  // A context that would come out the same is taken over from `previous` (may be null).
  static std::shared_ptr<const TlsTable> build(const SecretIndex& secrets, const RouteTable& routes,
                                               const TlsTable* previous, std::vector<Refusal>& refusals);

  // nullptr: refuse the handshake.
  const net::TlsContext* find(std::uint64_t listener_id) const {
    const auto found = contexts_.find(listener_id);
    return found == contexts_.end() ? nullptr : found->second.context.get();
  }
  // What the listener asks of clients' certificates, as a number; 0: nothing. A connection that was made when something
  // else was asked may not go on as if nothing had happened.
  std::uint64_t client_terms(std::uint64_t listener_id) const {
    const auto found = client_terms_.find(listener_id);
    return found == client_terms_.end() ? 0 : found->second;
  }

 private:
  struct Entry {
    std::string content;  // identity of what the context was built from
    std::shared_ptr<const net::TlsContext> context;
    std::vector<Refusal> refusals;  // of certificates that did not load
  };
  std::unordered_map<std::uint64_t, Entry> contexts_;  // by CompiledListener::id()
  std::unordered_map<std::uint64_t, std::uint64_t> client_terms_;
};

}  // namespace cardea::proxy
