// SPDX-License-Identifier: Apache-2.0
// For tests: certificates and keys made on the spot, ECDSA P-256, valid for an hour.
#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

namespace cardea::net::testing {

struct Pem {
  std::string chain;
  std::string key;
};

template <class Write>
std::string pem_of(Write write) {
  BIO* bio = BIO_new(BIO_s_mem());
  write(bio);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<std::size_t>(size));
  BIO_free(bio);
  return text;
}

class Issued {
 public:
  // `names` as OpenSSL's configuration writes them ("DNS:a.example,URI:spiffe://x"); without any it is a CA that can sign
  // others. No issuer: self-signed.
  Issued(const std::string& common_name, const std::string& names, const Issued* issuer = nullptr, long valid_seconds = 3600)
      : key_(EVP_EC_gen("P-256"), EVP_PKEY_free), certificate_(X509_new(), X509_free) {
    static long serial = 0;
    X509* const made = certificate_.get();
    X509_set_version(made, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(made), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(made), -7200);
    X509_gmtime_adj(X509_getm_notAfter(made), valid_seconds);
    X509_set_pubkey(made, key_.get());
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1, 0);
    const Issued& signer = issuer ? *issuer : *this;
    X509_set_issuer_name(made, X509_get_subject_name(signer.certificate_.get()));
    if (names.empty()) add_extension(NID_basic_constraints, "critical,CA:TRUE");
    else add_extension(NID_subject_alt_name, names);
    X509_sign(made, signer.key_.get(), EVP_sha256());
  }

  std::string certificate() const {
    return pem_of([&](BIO* bio) { PEM_write_bio_X509(bio, certificate_.get()); });
  }
  std::string key() const {
    return pem_of([&](BIO* bio) { PEM_write_bio_PrivateKey(bio, key_.get(), nullptr, nullptr, 0, nullptr, nullptr); });
  }
  Pem pem() const { return {certificate(), key()}; }

 private:
  void add_extension(int kind, const std::string& value) {
    X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str());
    X509_add_ext(certificate_.get(), extension, -1);
    X509_EXTENSION_free(extension);
  }

  std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key_;
  std::unique_ptr<X509, void (*)(X509*)> certificate_;
};

}  // namespace cardea::net::testing
