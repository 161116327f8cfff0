// SPDX-License-Identifier: Apache-2.0
#include "base/x509.h"

#include <fmt/core.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <ctime>
#include <memory>

#include "base/ip.h"
#include "base/strings.h"

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
using NamesPtr = std::unique_ptr<GENERAL_NAMES, Free<GENERAL_NAMES_free>>;

constexpr std::size_t kMaxPem = 4u << 20;
// What OpenSSL's security level 2, Debian's default, asks of keys and signatures: RSA of 2048 bits, no SHA-1.
constexpr int kMinSecurityBits = 112;

// One block between BEGIN and END lines.
struct PemBlock {
  std::string name;
  std::string header;
  std::string der;
};

std::string openssl_reason() {
  const unsigned long code = ERR_peek_last_error();
  const char* const reason = ERR_reason_error_string(code);
  ERR_clear_error();
  return reason != nullptr ? reason : "it cannot be decoded";
}

BioPtr reader(std::string_view text) { return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

Result<std::vector<PemBlock>> read_blocks(std::string_view pem, std::string_view what) {
  if (pem.size() > kMaxPem) return fail(fmt::format("{} is larger than {} bytes", what, kMaxPem));
  std::vector<PemBlock> blocks;
  const BioPtr bio = reader(pem);
  for (;;) {
    char* name = nullptr;
    char* header = nullptr;
    unsigned char* data = nullptr;
    long size = 0;
    ERR_clear_error();
    if (PEM_read_bio(bio.get(), &name, &header, &data, &size) != 1) break;
    blocks.push_back({name, header, std::string(reinterpret_cast<const char*>(data), static_cast<std::size_t>(size))});
    OPENSSL_free(name);
    OPENSSL_free(header);
    OPENSSL_clear_free(data, static_cast<std::size_t>(size));
  }
  if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) {
    return fail(fmt::format("{} is damaged: PEM block {}: {}", what, blocks.size() + 1, openssl_reason()));
  }
  ERR_clear_error();
  return blocks;
}

bool is_certificate(const PemBlock& block) { return block.name == "CERTIFICATE" || block.name == "X509 CERTIFICATE"; }

Result<X509Ptr> decode_certificate(const PemBlock& block, std::string_view what, std::size_t number) {
  const auto* bytes = reinterpret_cast<const unsigned char*>(block.der.data());
  const auto* const end = bytes + block.der.size();
  ERR_clear_error();
  X509Ptr certificate(d2i_X509(nullptr, &bytes, static_cast<long>(block.der.size())));
  if (!certificate) {
    return fail(fmt::format("{} is damaged: certificate {} cannot be decoded: {}", what, number, openssl_reason()));
  }
  if (bytes != end) return fail(fmt::format("{} is damaged: certificate {} has bytes after its end", what, number));
  return certificate;
}

// What a TLS context would refuse later, said now.
Result<> check_strength(X509* certificate, std::string_view what, std::size_t number) {
  EVP_PKEY* const key = X509_get0_pubkey(certificate);
  if (key == nullptr) return fail(fmt::format("{}: certificate {} has a key of unknown type", what, number));
  if (EVP_PKEY_get_security_bits(key) < kMinSecurityBits) {
    return fail(fmt::format("{}: certificate {} has a key too weak to serve with ({} bits)", what, number,
                            EVP_PKEY_get_bits(key)));
  }
  int bits = 0;
  const bool self_signed = (X509_get_extension_flags(certificate) & EXFLAG_SS) != 0;
  if (!self_signed && X509_get_signature_info(certificate, nullptr, nullptr, &bits, nullptr) == 1 &&
      bits < kMinSecurityBits) {
    return fail(fmt::format("{}: certificate {} has a signature too weak to serve with", what, number));
  }
  return {};
}

int no_passphrase(char*, int, int, void*) { return -1; }

Result<KeyPtr> read_key(std::string_view pem) {
  const auto blocks = read_blocks(pem, "the private key");
  if (!blocks) return std::unexpected(blocks.error());
  const auto encrypted = [](const PemBlock& block) {
    return block.name == "ENCRYPTED PRIVATE KEY" || block.header.find("ENCRYPTED") != std::string::npos;
  };
  if (std::ranges::any_of(*blocks, encrypted)) return fail("the private key has a passphrase: store it without one");
  const auto keys = std::ranges::count_if(*blocks, [](const PemBlock& b) { return b.name.ends_with("PRIVATE KEY"); });
  if (keys == 0) return fail("the private key is missing: there is no PEM block \"PRIVATE KEY\"");
  if (keys > 1) return fail("the private key is ambiguous: there is more than one");
  ERR_clear_error();
  KeyPtr key(PEM_read_bio_PrivateKey(reader(pem).get(), nullptr, no_passphrase, nullptr));
  if (!key) return fail(fmt::format("the private key is damaged: {}", openssl_reason()));
  return key;
}

std::string one_line(const X509_NAME* name) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

std::string_view bytes_of(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(ASN1_STRING_length(text))};
}

bool is_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) { return c > ' ' && c < '\x7F'; });
}

std::string common_name(X509* certificate) {
  X509_NAME* const subject = X509_get_subject_name(certificate);
  const int place = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (place < 0) return {};
  return std::string(bytes_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, place))));
}

void read_names(X509* certificate, CertificateInfo& info) {
  const NamesPtr names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  if (!names) {
    const std::string name = common_name(certificate);
    if (is_name(name)) info.dns_names.push_back(to_lower(name));
    return;
  }
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_DNS && is_name(bytes_of(name->d.dNSName))) {
      info.dns_names.push_back(to_lower(bytes_of(name->d.dNSName)));
    } else if (name->type == GEN_IPADD) {
      const std::string_view bytes = bytes_of(name->d.iPAddress);
      if (bytes.size() != 4 && bytes.size() != 16) continue;
      IpAddress address{bytes.size() == 4 ? IpAddress::Family::V4 : IpAddress::Family::V6, {}};
      std::ranges::copy(bytes, address.bytes.begin());
      info.ip_addresses.push_back(to_string(address));
    }
  }
}

WallTime to_time(const ASN1_TIME* time) {
  std::tm fields{};
  if (ASN1_TIME_to_tm(time, &fields) != 1) return {};
  return WallTime(std::chrono::seconds(timegm(&fields)));
}

Result<KeyType> key_type_of(const EVP_PKEY* key) {
  switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA:
    case EVP_PKEY_RSA_PSS:
      return KeyType::Rsa;
    case EVP_PKEY_EC:
      return KeyType::Ecdsa;
    case EVP_PKEY_ED25519:
      return KeyType::Ed25519;
    case EVP_PKEY_ED448:
      return KeyType::Other;
    default:
      return fail("the private key has a type that TLS cannot serve with: RSA, ECDSA or Ed25519 is needed");
  }
}

// All certificates of `pem`, the first one first, each strong enough.
Result<std::vector<X509Ptr>> read_certificates(std::string_view pem, std::string_view what) {
  const auto blocks = read_blocks(pem, what);
  if (!blocks) return std::unexpected(blocks.error());
  std::vector<X509Ptr> certificates;
  for (const PemBlock& block : *blocks) {
    if (!is_certificate(block)) continue;
    const std::size_t number = certificates.size() + 1;
    auto certificate = decode_certificate(block, what, number);
    if (!certificate) return std::unexpected(certificate.error());
    if (auto strong = check_strength(certificate->get(), what, number); !strong) return std::unexpected(strong.error());
    certificates.push_back(std::move(*certificate));
  }
  if (certificates.empty()) return fail(fmt::format("{} holds no PEM block \"CERTIFICATE\"", what));
  return certificates;
}

}  // namespace

Result<CertificateInfo> check_certificate(std::string_view chain_pem, std::string_view key_pem) {
  const auto chain = read_certificates(chain_pem, "the certificate chain");
  if (!chain) return std::unexpected(chain.error());
  const auto key = read_key(key_pem);
  if (!key) return std::unexpected(key.error());
  const auto type = key_type_of(key->get());
  if (!type) return std::unexpected(type.error());
  X509* const leaf = chain->front().get();
  if (X509_check_private_key(leaf, key->get()) != 1) {
    ERR_clear_error();
    return fail("the private key does not belong to the first certificate of the chain");
  }
  CertificateInfo info;
  info.subject = one_line(X509_get_subject_name(leaf));
  read_names(leaf, info);
  info.not_before = to_time(X509_get0_notBefore(leaf));
  info.not_after = to_time(X509_get0_notAfter(leaf));
  info.key_type = *type;
  info.key_bits = EVP_PKEY_get_bits(key->get());
  return info;
}

Result<std::size_t> check_ca_bundle(std::string_view pem) {
  const auto blocks = read_blocks(pem, "the CA bundle");
  if (!blocks) return std::unexpected(blocks.error());
  for (const PemBlock& block : *blocks) {
    if (!is_certificate(block)) {
      return fail(fmt::format("the CA bundle holds a PEM block \"{}\" beside certificates", block.name));
    }
  }
  const auto certificates = read_certificates(pem, "the CA bundle");
  if (!certificates) return std::unexpected(certificates.error());
  return certificates->size();
}

}  // namespace cardea::base
