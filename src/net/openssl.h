// SPDX-License-Identifier: Apache-2.0
// What the TLS files of this room share of OpenSSL: owned pointers, texts of errors, loading of PEM, and the rules that
// every context of ours has, on either side. For net/*.cc alone.
#pragma once

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/tls_settings.h"

namespace cardea::net {

template <auto Free>
struct OpensslFree {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using BioPointer = std::unique_ptr<BIO, OpensslFree<BIO_free>>;
using X509Pointer = std::unique_ptr<X509, OpensslFree<X509_free>>;
using KeyPointer = std::unique_ptr<EVP_PKEY, OpensslFree<EVP_PKEY_free>>;

BioPointer bio_of(std::string_view text);

// The oldest error in this thread's queue, for a person; empties the queue.
std::string take_openssl_error();

// Versions, ciphers, modes: all that does not depend on the side.
base::Result<> apply_rules(SSL_CTX* context, const TlsRules& rules);

// A certificate with its chain and key, for a server or a client.
base::Result<> add_certificate(SSL_CTX* context, const TlsCertificate& certificate);

// Every certificate of a bundle becomes a trust anchor, also one that is not self-signed.
base::Result<> add_trust_anchors(SSL_CTX* context, std::string_view bundle_pem);

// RFC 7301 section 3.1: each name behind its length.
std::string alpn_wire_form(const std::vector<std::string>& protocols);

}  // namespace cardea::net
