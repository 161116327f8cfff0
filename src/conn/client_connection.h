// SPDX-License-Identifier: Apache-2.0
// ClientConnection: what carries one exchange to a backend, whatever the protocol: an HTTP/1 connection for itself alone, or
// a share of an HTTP/2 one. A move-only value; given back to the pool after its exchange.
#pragma once

#include <memory>
#include <optional>

#include "conn/h1_client.h"
#include "conn/h2_client.h"

namespace cardea::conn {

struct ClientConnection {
  std::unique_ptr<H1Client> h1;
  std::shared_ptr<H2Client> h2;
  bool reused = false;  // has carried an exchange before

  explicit operator bool() const { return h1 != nullptr || h2 != nullptr; }
};

// The exchange that a connection carries. In HTTP/1 it stands in place: no allocation.
class AnyClientExchange {
 public:
  explicit AnyClientExchange(ClientConnection& connection) {
    if (connection.h2) exchange_ = (h2_ = std::make_unique<H2ClientExchange>(connection.h2)).get();
    else exchange_ = &h1_.emplace(*connection.h1);
  }
  AnyClientExchange(const AnyClientExchange&) = delete;
  AnyClientExchange& operator=(const AnyClientExchange&) = delete;

  ClientExchange& operator*() { return *exchange_; }
  ClientExchange* operator->() { return exchange_; }
  const ClientExchange* operator->() const { return exchange_; }
  // The connection may carry another exchange, alone.
  bool reusable() const { return h1_ && h1_->reusable(); }

 private:
  std::optional<H1ClientExchange> h1_;
  std::unique_ptr<H2ClientExchange> h2_;
  ClientExchange* exchange_ = nullptr;
};

}  // namespace cardea::conn
