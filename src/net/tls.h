// SPDX-License-Identifier: Apache-2.0
// TLS for servers (RFC 8446, RFC 5246) by OpenSSL, over any Stream.
//
// TlsContext: certificates and rules of one listener, and what it wants to see of clients' certificates; immutable, built
// on the control thread and shared by all workers.
// TlsFront: what a port starts every handshake with, before the server name is known; holds the ticket keys, so that a
// session made with one worker is resumed by all, also after contexts were rebuilt.
#pragma once

#include <openssl/types.h>

#include <array>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/loop.h"
#include "async/task.h"
#include "base/result.h"
#include "net/tls_settings.h"
#include "net/tls_stream.h"

namespace cardea::net {

// What a listener asks of clients' certificates (RFC 8446 section 4.3.2).
struct ClientCertificateRules {
  std::vector<std::string_view> ca_pem;  // bundles; empty: trust nobody, so that with `required` nobody gets in
  bool required = true;                  // false: ask, but go on with a bad one or none
};

struct TlsContextOptions {
  std::vector<TlsCertificate> certificates;  // at most one per key type is used
  std::vector<std::string> alpn;             // in our order of preference
  TlsRules rules;
  std::optional<ClientCertificateRules> clients;  // none: their certificates are not asked for
  // Sessions are resumed only under an equal scope: a listener's identity, and all that was asked of the client.
  std::string session_scope;
};

class TlsContext {
 public:
  static base::Result<std::shared_ptr<const TlsContext>> create(const TlsContextOptions& options);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  const std::string& alpn_wire() const { return alpn_wire_; }
  SSL_CTX* get() const { return context_; }

 private:
  TlsContext() = default;
  SSL_CTX* context_ = nullptr;
  std::string alpn_wire_;
  std::string ciphers_;
  std::string cipher_suites_;
  std::array<unsigned char, 32> session_scope_{};
  friend class TlsServerStream;
};

// Keys that protect session tickets. rotate() from the control thread at any time; tickets of the key before are still
// accepted (and renewed). Handshakes on any thread read it.
class TicketKeys {
 public:
  TicketKeys();
  void rotate();

 private:
  friend class TlsFront;
  friend class TlsServerStream;
  struct Key {
    std::array<unsigned char, 16> name{};
    std::array<unsigned char, 32> cipher{};
    std::array<unsigned char, 32> mac{};
  };
  static int use(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac, int sealing);
  struct Pair {
    Key current;
    Key previous;
  };
  Pair pair();
  mutable std::mutex mutex_;  // handshakes only, held for a copy of two keys
  Pair keys_;
};

class TlsFront {
 public:
  // `keys` outlives the front.
  explicit TlsFront(TicketKeys& keys);
  ~TlsFront();
  TlsFront(const TlsFront&) = delete;
  TlsFront& operator=(const TlsFront&) = delete;
  SSL_CTX* get() const { return context_; }
  TicketKeys& keys() const { return keys_; }

 private:
  TicketKeys& keys_;
  SSL_CTX* context_ = nullptr;
};

// Who chooses the context of a handshake. Called once per handshake, on the loop's thread.
class TlsSelector {
 public:
  // `server_name` is lower case, empty when the client sent none. nullptr refuses with unrecognized_name.
  virtual const TlsContext* select(std::string_view server_name) = 0;

 protected:
  ~TlsSelector() = default;
};

class TlsServerStream final : public TlsStream {
 public:
  TlsServerStream(std::unique_ptr<Stream> inner, const TlsFront& front);

  // Before anything else. `selector` and the context it chooses outlive the call, the context also the stream.
  async::Task<Handshake> accept(TlsSelector& selector, async::Deadline deadline);

  const std::string& server_name() const { return server_name_; }  // lower case; empty when none was sent
  // The client showed a certificate and it was verified.
  bool client_verified() const;

 private:
  friend class TlsFront;
  friend class TicketKeys;
  friend class TlsContext;
  static int choose_context(SSL* ssl, int* alert, void* unused);
  static int choose_alpn(SSL* ssl, const unsigned char** out, unsigned char* out_size, const unsigned char* in,
                         unsigned in_size, void* unused);

  TicketKeys& keys_;
  TlsSelector* selector_ = nullptr;
  const TlsContext* chosen_ = nullptr;
  std::string server_name_;
};

}  // namespace cardea::net
