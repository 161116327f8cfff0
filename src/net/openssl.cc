// SPDX-License-Identifier: Apache-2.0
#include "net/openssl.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/strings.h"

namespace cardea::net {
namespace {

// Forward secrecy and authenticated encryption only (RFC 9325 section 4.2).
constexpr const char* kTls12Ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20";

bool is_cipher_suite(SSL_CTX* context, const std::string& name) {
  const bool taken = SSL_CTX_set_ciphersuites(context, name.c_str()) == 1;
  ERR_clear_error();
  const STACK_OF(SSL_CIPHER)* const ciphers = SSL_CTX_get_ciphers(context);
  for (int i = 0; taken && i < sk_SSL_CIPHER_num(ciphers); ++i) {
    if (name == SSL_CIPHER_get_name(sk_SSL_CIPHER_value(ciphers, i))) return true;
  }
  return false;
}

}  // namespace

BioPointer bio_of(std::string_view text) { return BioPointer(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

std::string take_openssl_error() {
  const auto code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "unknown error";
  const char* const reason = ERR_reason_error_string(code);
  if (reason) return reason;
  char text[256];
  ERR_error_string_n(code, text, sizeof text);
  return text;
}

base::Result<> apply_rules(SSL_CTX* context, const TlsRules& rules) {
  ERR_clear_error();
  SSL_CTX_set_min_proto_version(context, rules.min_version == TlsVersion::Tls13 ? TLS1_3_VERSION : TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_read_ahead(context, 1);
  if (SSL_CTX_set_cipher_list(context, rules.ciphers.empty() ? kTls12Ciphers : rules.ciphers.c_str()) != 1) {
    return base::fail("no cipher of TLS 1.2 is known in \"" + rules.ciphers + "\": " + take_openssl_error());
  }
  if (!rules.cipher_suites.empty() && SSL_CTX_set_ciphersuites(context, rules.cipher_suites.c_str()) != 1) {
    return base::fail("the cipher suites of TLS 1.3 \"" + rules.cipher_suites + "\" are not all known: " + take_openssl_error());
  }
  return {};
}

// OpenSSL passes over a name that it does not know, so long as it knows another: a misspelt one would go unseen.
base::Result<> check_rules(const TlsRules& rules) {
  const std::unique_ptr<SSL_CTX, OpensslFree<SSL_CTX_free>> context(SSL_CTX_new(TLS_method()));
  for (const std::string_view cipher : base::split(rules.ciphers, ':')) {
    const bool is_rule = cipher.empty() || std::string_view("!-+@").contains(cipher.front());
    if (!is_rule && SSL_CTX_set_cipher_list(context.get(), std::string(cipher).c_str()) != 1) {
      ERR_clear_error();
      return base::fail("no cipher of TLS 1.2 is called \"" + std::string(cipher) + "\"");
    }
  }
  for (const std::string_view suite : base::split(rules.cipher_suites, ':')) {
    if (!suite.empty() && !is_cipher_suite(context.get(), std::string(suite))) {
      return base::fail("no cipher suite of TLS 1.3 is called \"" + std::string(suite) + "\"");
    }
  }
  return apply_rules(context.get(), rules);
}

base::Result<> add_certificate(SSL_CTX* context, const TlsCertificate& certificate) {
  ERR_clear_error();
  const auto chain = bio_of(certificate.chain_pem);
  const X509Pointer leaf(PEM_read_bio_X509_AUX(chain.get(), nullptr, nullptr, nullptr));
  const KeyPointer key(leaf ? PEM_read_bio_PrivateKey(bio_of(certificate.key_pem).get(), nullptr, nullptr, nullptr) : nullptr);
  bool loaded = key && SSL_CTX_use_certificate(context, leaf.get()) == 1 && SSL_CTX_use_PrivateKey(context, key.get()) == 1 &&
                SSL_CTX_clear_chain_certs(context) == 1;
  while (loaded) {
    const X509Pointer next(PEM_read_bio_X509(chain.get(), nullptr, nullptr, nullptr));
    if (!next) break;
    loaded = SSL_CTX_add1_chain_cert(context, next.get()) == 1;
  }
  if (loaded) ERR_clear_error();  // the end of the PEM text
  if (!loaded || SSL_CTX_check_private_key(context) != 1) {
    return base::fail("the certificate does not load: " + take_openssl_error());
  }
  return {};
}

base::Result<> add_trust_anchors(SSL_CTX* context, std::string_view bundle_pem) {
  X509_STORE* const store = SSL_CTX_get_cert_store(context);
  X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
  const auto bundle = bio_of(bundle_pem);
  bool any = false;
  while (const X509Pointer anchor{PEM_read_bio_X509(bundle.get(), nullptr, nullptr, nullptr)}) {
    if (X509_STORE_add_cert(store, anchor.get()) != 1) return base::fail("a CA certificate does not load: " + take_openssl_error());
    any = true;
  }
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  if (!any || !at_end) return base::fail("a CA bundle does not load: " + take_openssl_error());
  ERR_clear_error();
  return {};
}

std::string alpn_wire_form(const std::vector<std::string>& protocols) {
  std::string wire;
  for (const auto& protocol : protocols) {
    wire += static_cast<char>(protocol.size());
    wire += protocol;
  }
  return wire;
}

}  // namespace cardea::net
