// SPDX-License-Identifier: Apache-2.0
#include "base/x509_issue.h"

#include <fmt/core.h>
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <chrono>
#include <memory>

namespace cardea::base {
namespace {

template <auto free_function>
struct Free {
  template <class T>
  void operator()(T* object) const {
    free_function(object);
  }
};
using BioPtr = std::unique_ptr<BIO, Free<BIO_free_all>>;
using X509Ptr = std::unique_ptr<X509, Free<X509_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using BignumPtr = std::unique_ptr<BIGNUM, Free<BN_free>>;
using ExtensionPtr = std::unique_ptr<X509_EXTENSION, Free<X509_EXTENSION_free>>;

// RFC 5280 section 4.1.2.2: positive, at most 20 bytes.
constexpr int kSerialBits = 159;

Error openssl_error(std::string_view what) {
  const char* const reason = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return Error{fmt::format("{}: {}", what, reason ? reason : "OpenSSL gives no reason")};
}

template <class Write>
std::string to_pem(Write write) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  if (!bio || write(bio.get()) != 1) return {};
  char* text = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

BioPtr reader(std::string_view text) { return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

std::time_t seconds_of(WallTime time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

bool set_validity(X509* certificate, Validity validity) {
  return ASN1_TIME_set(X509_getm_notBefore(certificate), seconds_of(validity.not_before)) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(certificate), seconds_of(validity.not_after)) != nullptr;
}

bool set_serial(X509* certificate) {
  const BignumPtr number(BN_new());
  return number && BN_rand(number.get(), kSerialBits, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1 &&
         BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool set_common_name(X509* certificate, std::string_view name) {
  return X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                                    reinterpret_cast<const unsigned char*>(name.data()), static_cast<int>(name.size()), -1, 0) == 1;
}

// `issuer`: whose key identifiers are meant; the certificate itself when it signs itself.
bool add_extension(X509* certificate, X509* issuer, int id, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str()));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

Result<IssuedCertificate> finish(X509* certificate, EVP_PKEY* signer, EVP_PKEY* own_key) {
  if (X509_sign(certificate, signer, EVP_sha256()) <= 0) return std::unexpected(openssl_error("a certificate cannot be signed"));
  IssuedCertificate issued;
  issued.certificate_pem = to_pem([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate); });
  issued.key_pem = to_pem([&](BIO* bio) { return PEM_write_bio_PrivateKey(bio, own_key, nullptr, nullptr, 0, nullptr, nullptr); });
  if (issued.certificate_pem.empty() || issued.key_pem.empty()) return std::unexpected(openssl_error("a certificate cannot be written"));
  return issued;
}

// Everything that CA and server certificates have in common.
bool begin(X509* certificate, EVP_PKEY* key, std::string_view common_name, Validity validity) {
  return X509_set_version(certificate, X509_VERSION_3) == 1 && set_serial(certificate) && set_validity(certificate, validity) &&
         set_common_name(certificate, common_name) && X509_set_pubkey(certificate, key) == 1;
}

}  // namespace

Result<IssuedCertificate> make_ca(std::string_view common_name, Validity validity) {
  const X509Ptr made(X509_new());
  const KeyPtr key(EVP_EC_gen("P-256"));
  const bool good = made && key && begin(made.get(), key.get(), common_name, validity) &&
                    X509_set_issuer_name(made.get(), X509_get_subject_name(made.get())) == 1 &&
                    add_extension(made.get(), made.get(), NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
                    add_extension(made.get(), made.get(), NID_key_usage, "critical,keyCertSign,cRLSign") &&
                    add_extension(made.get(), made.get(), NID_subject_key_identifier, "hash");
  if (!good) return std::unexpected(openssl_error("a CA cannot be made"));
  return finish(made.get(), key.get(), key.get());
}

Result<IssuedCertificate> issue_server_certificate(const IssuedCertificate& ca, const std::vector<std::string>& dns_names, Validity validity) {
  const X509Ptr issuer(PEM_read_bio_X509(reader(ca.certificate_pem).get(), nullptr, nullptr, nullptr));
  const KeyPtr issuer_key(PEM_read_bio_PrivateKey(reader(ca.key_pem).get(), nullptr, nullptr, nullptr));
  if (!issuer || !issuer_key) return std::unexpected(openssl_error("the CA cannot be read"));
  if (X509_check_private_key(issuer.get(), issuer_key.get()) != 1) return std::unexpected(openssl_error("the CA's key is another's"));
  std::string names;
  for (const std::string& name : dns_names) names += (names.empty() ? "DNS:" : ",DNS:") + name;

  const X509Ptr made(X509_new());
  const KeyPtr key(EVP_EC_gen("P-256"));
  const bool good = made && key && !dns_names.empty() && begin(made.get(), key.get(), dns_names.front(), validity) &&
                    X509_set_issuer_name(made.get(), X509_get_subject_name(issuer.get())) == 1 &&
                    add_extension(made.get(), issuer.get(), NID_basic_constraints, "critical,CA:FALSE") &&
                    add_extension(made.get(), issuer.get(), NID_key_usage, "critical,digitalSignature") &&
                    add_extension(made.get(), issuer.get(), NID_ext_key_usage, "serverAuth") &&
                    add_extension(made.get(), issuer.get(), NID_subject_key_identifier, "hash") &&
                    add_extension(made.get(), issuer.get(), NID_authority_key_identifier, "keyid:always") &&
                    add_extension(made.get(), issuer.get(), NID_subject_alt_name, names);
  if (!good) return std::unexpected(openssl_error("a certificate cannot be made"));
  return finish(made.get(), issuer_key.get(), key.get());
}

}  // namespace cardea::base
