// SPDX-License-Identifier: Apache-2.0
#include "base/x509.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <functional>
#include <memory>

namespace cardea::base {
namespace {

using Key = std::shared_ptr<EVP_PKEY>;

Key rsa(unsigned bits) { return {EVP_RSA_gen(bits), EVP_PKEY_free}; }
Key ecdsa() { return {EVP_EC_gen("P-256"), EVP_PKEY_free}; }
Key ed25519() { return {EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), EVP_PKEY_free}; }

std::string written(const std::function<int(BIO*)>& write) {
  const std::unique_ptr<BIO, int (*)(BIO*)> bio(BIO_new(BIO_s_mem()), BIO_free);
  EXPECT_EQ(write(bio.get()), 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string pem(const Key& key) {
  return written(
      [&](BIO* bio) { return PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr); });
}

std::string begin_line(const std::string& label) { return "-----BEGIN " + label + "-----"; }

// A well-formed PEM block whose content is nothing of its kind.
std::string garbage_block(const std::string& label) {
  return begin_line(label) + "\nTWlzcw==\n-----END " + label + "-----\n";
}

struct CertificateOptions {
  std::string common_name = "shop.localhost";
  std::string names = "";  // subjectAltName, as OpenSSL writes it in configurations
  const EVP_MD* digest = nullptr;
};

// Self-signed, valid from 2024 for one year.
std::string certificate(const Key& key, const CertificateOptions& options) {
  const std::unique_ptr<X509, void (*)(X509*)> made(X509_new(), X509_free);
  X509_set_version(made.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1);
  ASN1_TIME_set_string(X509_getm_notBefore(made.get()), "20240101000000Z");
  ASN1_TIME_set_string(X509_getm_notAfter(made.get()), "20250101000000Z");
  X509_NAME* const name = X509_get_subject_name(made.get());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(options.common_name.c_str()), -1, -1, 0);
  X509_set_issuer_name(made.get(), name);
  X509_set_pubkey(made.get(), key.get());
  if (!options.names.empty()) {
    const std::unique_ptr<X509_EXTENSION, void (*)(X509_EXTENSION*)> extension(
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, options.names.c_str()), X509_EXTENSION_free);
    X509_add_ext(made.get(), extension.get(), -1);
  }
  EXPECT_GT(X509_sign(made.get(), key.get(), options.digest), 0);
  return written([&](BIO* bio) { return PEM_write_bio_X509(bio, made.get()); });
}

std::string certificate(const Key& key) { return certificate(key, {.digest = EVP_sha256()}); }

std::string refused(std::string_view chain, std::string_view key) {
  const auto info = check_certificate(chain, key);
  EXPECT_FALSE(info);
  return info ? "" : info.error().message;
}

TEST(X509, TellsWhatACertificateHolds) {
  const Key key = ecdsa();
  const auto info = check_certificate(
      certificate(key,
                  {.names = "DNS:Shop.localhost,DNS:*.shop.localhost,IP:127.0.0.1,IP:::1", .digest = EVP_sha256()}),
      pem(key));
  ASSERT_TRUE(info) << info.error().message;
  EXPECT_EQ(info->subject, "CN=shop.localhost");
  EXPECT_EQ(info->dns_names, (std::vector<std::string>{"shop.localhost", "*.shop.localhost"}));
  EXPECT_EQ(info->ip_addresses, (std::vector<std::string>{"127.0.0.1", "::1"}));
  EXPECT_EQ(format_rfc3339(info->not_before), "2024-01-01T00:00:00Z");
  EXPECT_EQ(format_rfc3339(info->not_after), "2025-01-01T00:00:00Z");
  EXPECT_EQ(info->key_type, KeyType::Ecdsa);
  EXPECT_EQ(info->key_bits, 256);
}

TEST(X509, KnowsTheKindsOfKeys) {
  const Key rsa_key = rsa(2048);
  const auto rsa_info = check_certificate(certificate(rsa_key), pem(rsa_key));
  ASSERT_TRUE(rsa_info) << rsa_info.error().message;
  EXPECT_EQ(rsa_info->key_type, KeyType::Rsa);
  EXPECT_EQ(rsa_info->key_bits, 2048);
  EXPECT_EQ(rsa_info->dns_names, std::vector<std::string>{"shop.localhost"});

  const Key edwards = ed25519();
  const auto edwards_info = check_certificate(certificate(edwards, {}), pem(edwards));
  ASSERT_TRUE(edwards_info) << edwards_info.error().message;
  EXPECT_EQ(edwards_info->key_type, KeyType::Ed25519);
}

TEST(X509, ReadsTraditionalKeysAndTextAroundPem) {
  const Key key = rsa(2048);
  const std::string traditional = written([&](BIO* bio) {
    return PEM_write_bio_PrivateKey_traditional(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  });
  EXPECT_TRUE(traditional.starts_with(begin_line(PEM_STRING_RSA)));
  EXPECT_TRUE(check_certificate("subject: shop\n" + certificate(key) + "\n\n", traditional));
}

TEST(X509, SaysWhichPartIsBad) {
  const Key key = ecdsa();
  const std::string chain = certificate(key);
  EXPECT_EQ(refused("", pem(key)), "the certificate chain holds no PEM block \"CERTIFICATE\"");
  EXPECT_EQ(refused(pem(key), pem(key)), "the certificate chain holds no PEM block \"CERTIFICATE\"");
  EXPECT_EQ(refused(chain, ""), "the private key is missing: there is no PEM block \"PRIVATE KEY\"");
  EXPECT_EQ(refused(chain, chain), "the private key is missing: there is no PEM block \"PRIVATE KEY\"");
  EXPECT_EQ(refused(chain, pem(key) + pem(ecdsa())), "the private key is ambiguous: there is more than one");
  EXPECT_EQ(refused(chain, pem(ecdsa())), "the private key does not belong to the first certificate of the chain");
  EXPECT_EQ(refused(chain, pem(rsa(2048))), "the private key does not belong to the first certificate of the chain");
}

TEST(X509, NoticesDamage) {
  const Key key = ecdsa();
  const std::string chain = certificate(key);
  const std::string second = certificate(ecdsa());
  EXPECT_TRUE(refused(chain.substr(0, chain.size() - 30), pem(key))
                  .starts_with("the certificate chain is damaged: PEM block 1"));
  const std::string garbage = garbage_block(PEM_STRING_X509);
  EXPECT_TRUE(refused(chain + garbage, pem(key)).starts_with("the certificate chain is damaged: certificate 2"));
  EXPECT_TRUE(
      refused(chain + second.substr(0, 200), pem(key)).starts_with("the certificate chain is damaged: PEM block 2"));
  EXPECT_TRUE(refused(chain, garbage_block(PEM_STRING_PKCS8INF)).starts_with("the private key is damaged"));
  EXPECT_TRUE(check_certificate(chain + second, pem(key)));
}

TEST(X509, RefusesKeysWithAPassphrase) {
  const Key key = ecdsa();
  const std::string encrypted = written([&](BIO* bio) {
    return PEM_write_bio_PrivateKey(bio, key.get(), EVP_aes_128_cbc(), reinterpret_cast<const unsigned char*>("pass"),
                                    4, nullptr, nullptr);
  });
  EXPECT_EQ(refused(certificate(key), encrypted), "the private key has a passphrase: store it without one");
}

TEST(X509, RefusesWhatIsTooWeakToServe) {
  const Key key = rsa(1024);
  EXPECT_NE(refused(certificate(key), pem(key)).find("too weak"), std::string::npos);
}

TEST(X509, ChecksCaBundles) {
  const std::string one = certificate(ecdsa());
  const std::string two = certificate(ecdsa());
  EXPECT_EQ(check_ca_bundle(one), 1u);
  EXPECT_EQ(check_ca_bundle(one + two), 2u);
  EXPECT_FALSE(check_ca_bundle(""));
  EXPECT_FALSE(check_ca_bundle("nonsense"));
  EXPECT_FALSE(check_ca_bundle(one + pem(ecdsa())));
  EXPECT_FALSE(check_ca_bundle(one + two.substr(0, 100)));
}

}  // namespace
}  // namespace cardea::base
