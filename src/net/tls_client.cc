// SPDX-License-Identifier: Apache-2.0
#include "net/tls_client.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>

#include "base/ip.h"
#include "net/openssl.h"

namespace cardea::net {
namespace {

constexpr unsigned kNameFlags = X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS;

bool has_dns(X509* certificate, std::string_view name) {
  return X509_check_host(certificate, name.data(), name.size(), kNameFlags, nullptr) == 1;
}

bool has_uri(X509* certificate, std::string_view uri) {
  const std::unique_ptr<GENERAL_NAMES, OpensslFree<GENERAL_NAMES_free>> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_URI) continue;
    const ASN1_IA5STRING* const text = name->d.uniformResourceIdentifier;
    if (uri == std::string_view(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)), static_cast<std::size_t>(ASN1_STRING_length(text)))) {
      return true;
    }
  }
  return false;
}

}  // namespace

base::Result<std::shared_ptr<const TlsClientContext>> TlsClientContext::create(const TlsClientOptions& options) {
  std::shared_ptr<TlsClientContext> made(new TlsClientContext);
  SSL_CTX* const context = made->context_ = SSL_CTX_new(TLS_client_method());
  if (auto applied = apply_rules(context, options.rules); !applied) return std::unexpected(std::move(applied.error()));
  for (const auto& bundle : options.ca_pem) {
    if (auto added = add_trust_anchors(context, bundle); !added) return std::unexpected(std::move(added.error()));
  }
  if (options.system_roots) SSL_CTX_set_default_verify_paths(context);
  if (options.certificate) {
    if (auto added = add_certificate(context, *options.certificate); !added) return std::unexpected(std::move(added.error()));
  }
  const std::string alpn = alpn_wire_form(options.alpn);
  if (!alpn.empty()) SSL_CTX_set_alpn_protos(context, reinterpret_cast<const unsigned char*>(alpn.data()), static_cast<unsigned>(alpn.size()));
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_verify_callback(context, TlsClientStream::verify, nullptr);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, TlsClientStream::keep_session);
  ERR_clear_error();
  return made;
}

TlsClientContext::~TlsClientContext() { SSL_CTX_free(context_); }

TlsSessions::~TlsSessions() { SSL_SESSION_free(newest_); }

TlsClientStream::TlsClientStream(std::unique_ptr<Stream> inner, const TlsClientContext& context)
    : TlsStream(std::move(inner), context.get()) {
  SSL_set_app_data(ssl_, this);
  SSL_set_connect_state(ssl_);
}

// A session whose connection was not closed in order is no longer resumed by OpenSSL. That is a rule of SSL 3.0 which TLS
// dropped (RFC 5246 section 7.2.1): connections of pools just end.
TlsClientStream::~TlsClientStream() {
  if (cause_.empty()) SSL_set_shutdown(ssl_, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

async::Task<TlsClientStream::Handshake> TlsClientStream::connect(const TlsPeer& peer, async::Deadline deadline,
                                                                std::shared_ptr<TlsSessions> sessions) {
  peer_ = &peer;
  sessions_ = std::move(sessions);
  if (!peer.alpn_wire.empty()) {
    SSL_set_alpn_protos(ssl_, reinterpret_cast<const unsigned char*>(peer.alpn_wire.data()), static_cast<unsigned>(peer.alpn_wire.size()));
  }
  // RFC 6066 section 3: no literal addresses.
  if (!base::parse_ip(peer.server_name)) SSL_set_tlsext_host_name(ssl_, std::string(peer.server_name).c_str());
  if (sessions_ && sessions_->newest_) SSL_set_session(ssl_, sessions_->newest_);
  const Handshake result = co_await handshake(deadline);
  peer_ = nullptr;
  if (result == Handshake::TimedOut) cause_ = "the TLS handshake took too long";
  co_return result;
}

// In place of OpenSSL's own step, so that a peer of the wrong name is refused before our certificate is shown to it.
int TlsClientStream::verify(X509_STORE_CTX* chain, void*) {
  if (X509_verify_cert(chain) != 1) return 0;
  auto* ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto* stream = static_cast<TlsClientStream*>(SSL_get_app_data(ssl));
  if (stream->peer_ && stream->names_peer(X509_STORE_CTX_get0_cert(chain))) return 1;
  X509_STORE_CTX_set_error(chain, X509_V_ERR_HOSTNAME_MISMATCH);
  return 0;
}

bool TlsClientStream::names_peer(X509* certificate) const {
  if (!peer_->any_of.empty()) {
    return std::ranges::any_of(peer_->any_of, [&](const TlsName& name) {
      return name.kind == TlsName::Kind::Uri ? has_uri(certificate, name.value) : has_dns(certificate, name.value);
    });
  }
  const std::string name(peer_->server_name);
  if (base::parse_ip(name)) return X509_check_ip_asc(certificate, name.c_str(), 0) == 1;
  return !name.empty() && has_dns(certificate, name);
}

int TlsClientStream::keep_session(SSL* ssl, SSL_SESSION* session) {
  auto* stream = static_cast<TlsClientStream*>(SSL_get_app_data(ssl));
  if (!stream->sessions_) return 0;
  SSL_SESSION_free(stream->sessions_->newest_);
  stream->sessions_->newest_ = session;
  return 1;  // it is ours now
}

}  // namespace cardea::net
