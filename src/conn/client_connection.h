// SPDX-License-Identifier: Apache-2.0
// ClientConnection: what carries one exchange to a backend, whatever the protocol: an HTTP/1 connection for itself alone.
// A move-only value that its exchange uses in place; given back to the pool after it.
#pragma once

#include <memory>
#include <optional>

#include "conn/h1_client.h"

namespace cardea::conn {

struct ClientConnection {
  std::unique_ptr<H1Client> h1;
  bool reused = false;  // has carried an exchange before

  explicit operator bool() const { return h1 != nullptr; }
};

// The exchange that a connection carries, in place: no allocation.
class AnyClientExchange {
 public:
  explicit AnyClientExchange(ClientConnection& connection) : h1_(std::in_place, *connection.h1) {}

  ClientExchange& operator*() { return *h1_; }
  ClientExchange* operator->() { return &*h1_; }
  // The connection may carry another exchange.
  bool reusable() const { return h1_->reusable(); }

 private:
  std::optional<H1ClientExchange> h1_;
};

}  // namespace cardea::conn
