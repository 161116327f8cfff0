// SPDX-License-Identifier: Apache-2.0
// TLS for clients (RFC 8446, RFC 5246) by OpenSSL, over any Stream: the way to backends and to the API server.
//
// TlsClientContext: whom to trust, what to show, which rules; immutable, built on the control thread and shared by all
// workers. TlsSessions: what was agreed with one peer, for resumption. TlsClientStream: a connection.
// The name of the peer is verified by RFC 9525: subjectAltName only, never the common name.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/tls_settings.h"
#include "net/tls_stream.h"

extern "C" typedef struct ssl_session_st SSL_SESSION;  // openssl/types.h does not have it

namespace cardea::net {

struct TlsClientOptions {
  std::vector<std::string_view> ca_pem;       // bundles of trust anchors
  bool system_roots = false;                  // also trust what the system trusts
  std::optional<TlsCertificate> certificate;  // shown when the peer asks for one
  std::vector<std::string> alpn;              // in our order of preference
  TlsRules rules;
};

// RFC 7301 section 3.1, for TlsPeer::alpn_wire.
inline constexpr std::string_view kAlpnHttp1 = "\x08http/1.1";
inline constexpr std::string_view kAlpnHttp2 = "\x02h2";
inline constexpr std::string_view kAlpnBoth = "\x02h2\x08http/1.1";

class TlsClientContext {
 public:
  static base::Result<std::shared_ptr<const TlsClientContext>> create(const TlsClientOptions& options);
  ~TlsClientContext();
  TlsClientContext(const TlsClientContext&) = delete;
  TlsClientContext& operator=(const TlsClientContext&) = delete;
  SSL_CTX* get() const { return context_; }

 private:
  TlsClientContext() = default;
  SSL_CTX* context_ = nullptr;
};

// One name that a certificate can carry as subjectAltName.
struct TlsName {
  enum class Kind : std::uint8_t { Dns, Uri };
  Kind kind = Kind::Dns;
  std::string value;
  bool operator==(const TlsName&) const = default;
};

struct TlsPeer {
  std::string_view server_name;     // a DNS name (then it is sent as SNI too) or an IP address
  std::span<const TlsName> any_of;  // one of these must be in the certificate; none given: server_name must
  std::string_view alpn_wire{};     // in place of the context's
};

// The newest session with one peer: one thread, used with one context and one peer's names for its whole life, since a
// resumed handshake verifies no certificate.
class TlsSessions {
 public:
  TlsSessions() = default;
  ~TlsSessions();
  TlsSessions(const TlsSessions&) = delete;
  TlsSessions& operator=(const TlsSessions&) = delete;

 private:
  friend class TlsClientStream;
  SSL_SESSION* newest_ = nullptr;
};

class TlsClientStream final : public TlsStream {
 public:
  // `context` may go before the stream, but not before connect() has returned.
  TlsClientStream(std::unique_ptr<Stream> inner, const TlsClientContext& context);
  ~TlsClientStream() override;

  // Before anything else. On Done the peer is whom `peer` names; otherwise error() says what failed. `peer` outlives the
  // call. `sessions` may be null.
  async::Task<Handshake> connect(const TlsPeer& peer, async::Deadline deadline, std::shared_ptr<TlsSessions> sessions = nullptr);

 private:
  friend class TlsClientContext;
  static int verify(X509_STORE_CTX* chain, void* unused);
  static int keep_session(SSL* ssl, SSL_SESSION* session);
  bool names_peer(X509* certificate) const;

  const TlsPeer* peer_ = nullptr;
  std::shared_ptr<TlsSessions> sessions_;
};

}  // namespace cardea::net
