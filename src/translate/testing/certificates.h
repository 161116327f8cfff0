// SPDX-License-Identifier: Apache-2.0
// For tests: certificates and keys made on the spot, and the words that stand for them in test cases. Keys are never
// committed, so a case writes `<certificate>` where a PEM text is meant.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

namespace cardea::translate::testing {

using Key = std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)>;

inline Key make_key() { return {EVP_EC_gen("P-256"), EVP_PKEY_free}; }

template <class Write>
std::string to_pem(Write write) {
  const std::unique_ptr<BIO, int (*)(BIO*)> bio(BIO_new(BIO_s_mem()), BIO_free);
  EXPECT_EQ(write(bio.get()), 1);
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

inline std::string key_pem(const Key& key) {
  return to_pem([&](BIO* bio) { return PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr); });
}

inline std::string certificate_pem(const Key& key) {
  const std::unique_ptr<X509, void (*)(X509*)> made(X509_new(), X509_free);
  X509_set_version(made.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1);
  ASN1_TIME_set_string(X509_getm_notBefore(made.get()), "20240101000000Z");
  ASN1_TIME_set_string(X509_getm_notAfter(made.get()), "20440101000000Z");
  X509_NAME* const name = X509_get_subject_name(made.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("example.com"), -1, -1, 0);
  X509_set_issuer_name(made.get(), name);
  X509_set_pubkey(made.get(), key.get());
  EXPECT_GT(X509_sign(made.get(), key.get(), EVP_sha256()), 0);
  return to_pem([&](BIO* bio) { return PEM_write_bio_X509(bio, made.get()); });
}

// Word and text: a certificate with its key, a second pair, for what does not fit together.
using Words = std::array<std::pair<std::string_view, std::string>, 4>;
inline const Words& words() {
  static const Words made = [] {
    const Key first = make_key();
    const Key second = make_key();
    return Words{{{"<certificate>", certificate_pem(first)},
                  {"<key>", key_pem(first)},
                  {"<other certificate>", certificate_pem(second)},
                  {"<other key>", key_pem(second)}}};
  }();
  return made;
}

}  // namespace cardea::translate::testing
