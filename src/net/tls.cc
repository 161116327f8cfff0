// SPDX-License-Identifier: Apache-2.0
#include "net/tls.h"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <cstring>

#include "base/strings.h"
#include "net/openssl.h"

namespace cardea::net {
namespace {

SSL_CTX* new_server_context() {
  SSL_CTX* context = SSL_CTX_new(TLS_server_method());
  SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);  // tickets only: they work for every worker
  SSL_CTX_set_num_tickets(context, 2);
  return context;
}

// Lets a handshake go on whatever was said of the certificate; what was said stays with the session.
int go_on(int, X509_STORE_CTX*) { return 1; }

base::Result<> ask_clients(SSL_CTX* context, const ClientCertificateRules& rules) {
  for (const auto& bundle : rules.ca_pem) {
    if (auto added = add_trust_anchors(context, bundle); !added) return added;
  }
  if (rules.required) SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  else SSL_CTX_set_verify(context, SSL_VERIFY_PEER, go_on);
  // The names of the CAs tell a client which of its certificates to show.
  for (const auto& bundle : rules.ca_pem) {
    const auto bio = bio_of(bundle);
    while (const X509Pointer anchor{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)}) SSL_CTX_add_client_CA(context, anchor.get());
  }
  ERR_clear_error();
  return {};
}

// The host_name of the server_name extension (RFC 6066 section 3), lower case, without a final dot.
//   ServerNameList = length(2) 1*( name_type(1) length(2) name )
std::string server_name_of(SSL* ssl) {
  const unsigned char* data = nullptr;
  std::size_t size = 0;
  if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &data, &size) != 1 || size < 5) return {};
  const std::size_t length = static_cast<std::size_t>(data[3]) << 8 | data[4];
  if (data[2] != TLSEXT_NAMETYPE_host_name || length > size - 5) return {};
  std::string name = base::to_lower({reinterpret_cast<const char*>(data) + 5, length});
  if (name.ends_with('.')) name.pop_back();
  return name;
}

int acknowledge_server_name(SSL*, int*, void*) { return SSL_TLSEXT_ERR_OK; }

}  // namespace

base::Result<std::shared_ptr<const TlsContext>> TlsContext::create(const TlsContextOptions& options) {
  std::shared_ptr<TlsContext> made(new TlsContext);
  made->context_ = new_server_context();
  if (auto applied = apply_rules(made->context_, options.rules); !applied) return std::unexpected(std::move(applied.error()));
  for (const auto& certificate : options.certificates) {
    if (auto added = add_certificate(made->context_, certificate); !added) return std::unexpected(std::move(added.error()));
  }
  if (options.clients) {
    if (auto asked = ask_clients(made->context_, *options.clients); !asked) return std::unexpected(std::move(asked.error()));
  }
  made->ciphers_ = options.rules.ciphers;
  made->cipher_suites_ = options.rules.cipher_suites;
  made->alpn_wire_ = alpn_wire_form(options.alpn);
  SSL_CTX_set_alpn_select_cb(made->context_, TlsServerStream::choose_alpn, nullptr);
  unsigned size = 0;
  EVP_Digest(options.session_scope.data(), options.session_scope.size(), made->session_scope_.data(), &size, EVP_sha256(),
             nullptr);
  return made;
}

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

TicketKeys::TicketKeys() {
  rotate();
  rotate();
}

void TicketKeys::rotate() {
  Key fresh;
  RAND_bytes(fresh.name.data(), static_cast<int>(fresh.name.size()));
  RAND_bytes(fresh.cipher.data(), static_cast<int>(fresh.cipher.size()));
  RAND_bytes(fresh.mac.data(), static_cast<int>(fresh.mac.size()));
  const std::lock_guard lock(mutex_);
  keys_.previous = keys_.current;
  keys_.current = fresh;
}

TicketKeys::Pair TicketKeys::pair() {
  const std::lock_guard lock(mutex_);
  return keys_;
}

// See SSL_CTX_set_tlsext_ticket_key_evp_cb(3) for what is returned.
int TicketKeys::use(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac, int sealing) {
  const Pair pair = static_cast<TlsServerStream*>(SSL_get_app_data(ssl))->keys_.pair();
  const bool is_current = sealing || std::memcmp(name, pair.current.name.data(), pair.current.name.size()) == 0;
  if (!is_current && std::memcmp(name, pair.previous.name.data(), pair.previous.name.size()) != 0) return 0;
  const Key& key = is_current ? pair.current : pair.previous;

  OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, const_cast<unsigned char*>(key.mac.data()), key.mac.size()),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, const_cast<char*>("SHA256"), 0), OSSL_PARAM_construct_end()};
  if (EVP_MAC_CTX_set_params(mac, parameters) != 1) return -1;
  if (sealing) {
    std::memcpy(name, key.name.data(), key.name.size());
    if (RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) != 1) return -1;
    return EVP_EncryptInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key.cipher.data(), iv) == 1 ? 1 : -1;
  }
  if (EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key.cipher.data(), iv) != 1) return -1;
  return is_current ? 1 : 2;
}

TlsFront::TlsFront(TicketKeys& keys) : keys_(keys), context_(new_server_context()) {
  (void)apply_rules(context_, {});  // our own defaults load
  SSL_CTX_set_client_hello_cb(context_, TlsServerStream::choose_context, nullptr);
  SSL_CTX_set_tlsext_servername_callback(context_, acknowledge_server_name);
  SSL_CTX_set_tlsext_ticket_key_evp_cb(context_, TicketKeys::use);
}

TlsFront::~TlsFront() { SSL_CTX_free(context_); }

TlsServerStream::TlsServerStream(std::unique_ptr<Stream> inner, const TlsFront& front)
    : TlsStream(std::move(inner), front.get()), keys_(front.keys()) {
  SSL_set_app_data(ssl_, this);
  SSL_set_accept_state(ssl_);
}

async::Task<TlsServerStream::Handshake> TlsServerStream::accept(TlsSelector& selector, async::Deadline deadline) {
  selector_ = &selector;
  const Handshake result = co_await handshake(deadline);
  selector_ = nullptr;
  co_return result;
}

bool TlsServerStream::client_verified() const {
  return SSL_get0_peer_certificate(ssl_) && SSL_get_verify_result(ssl_) == X509_V_OK;
}

// Runs before OpenSSL looks at the session, which must be of the chosen context's scope.
int TlsServerStream::choose_context(SSL* ssl, int* alert, void*) {
  auto* stream = static_cast<TlsServerStream*>(SSL_get_app_data(ssl));
  stream->server_name_ = server_name_of(ssl);
  stream->chosen_ = stream->selector_->select(stream->server_name_);
  if (!stream->chosen_) {
    *alert = SSL_AD_UNRECOGNIZED_NAME;
    return SSL_CLIENT_HELLO_ERROR;
  }
  const TlsContext& chosen = *stream->chosen_;
  SSL_set_SSL_CTX(ssl, chosen.get());
  // Certificates and trusted CAs follow the context; these do not.
  SSL_set_min_proto_version(ssl, static_cast<int>(SSL_CTX_get_min_proto_version(chosen.get())));
  if (!chosen.ciphers_.empty()) SSL_set_cipher_list(ssl, chosen.ciphers_.c_str());
  if (!chosen.cipher_suites_.empty()) SSL_set_ciphersuites(ssl, chosen.cipher_suites_.c_str());
  SSL_set_verify(ssl, SSL_CTX_get_verify_mode(chosen.get()), SSL_CTX_get_verify_callback(chosen.get()));
  SSL_set_session_id_context(ssl, chosen.session_scope_.data(), static_cast<unsigned>(chosen.session_scope_.size()));
  return SSL_CLIENT_HELLO_SUCCESS;
}

int TlsServerStream::choose_alpn(SSL* ssl, const unsigned char** out, unsigned char* out_size, const unsigned char* in,
                           unsigned in_size, void*) {
  const auto* stream = static_cast<TlsServerStream*>(SSL_get_app_data(ssl));
  if (!stream->chosen_ || stream->chosen_->alpn_wire().empty()) return SSL_TLSEXT_ERR_NOACK;
  const auto& ours = stream->chosen_->alpn_wire();
  unsigned char* selected = nullptr;
  const int agreed = SSL_select_next_proto(&selected, out_size, reinterpret_cast<const unsigned char*>(ours.data()),
                                           static_cast<unsigned>(ours.size()), in, in_size);
  // RFC 7301 section 3.2 wants an alert here; peers answer without ALPN, which old clients rely on, and so do we.
  if (agreed != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_NOACK;
  *out = selected;
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace cardea::net
