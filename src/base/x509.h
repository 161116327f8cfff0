// SPDX-License-Identifier: Apache-2.0
// Checks of certificates and keys before anything serves with them. Pure: bytes in, facts or a reason out. The data
// plane builds its TLS contexts elsewhere, from the same bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace cardea::base {

enum class KeyType : std::uint8_t { Rsa, Ecdsa, Ed25519, Other };

struct CertificateInfo {
  std::string subject;                    // one line, for people
  std::vector<std::string> dns_names;     // subjectAltName; the common name when there is no such extension
  std::vector<std::string> ip_addresses;  // subjectAltName, in text form
  WallTime not_before;
  WallTime not_after;
  KeyType key_type = KeyType::Other;
  int key_bits = 0;
};

// `chain_pem` holds the leaf first, then its issuers; `key_pem` its private key without a passphrase. Whether it has
// expired or is trusted is not asked. The error says which of the two parts is bad and how.
Result<CertificateInfo> check_certificate(std::string_view chain_pem, std::string_view key_pem);

// A bundle of at least one certificate and nothing else that is PEM (a CA bundle of a BackendTLSPolicy or of frontend
// validation). Gives their number.
Result<std::size_t> check_ca_bundle(std::string_view pem);

}  // namespace cardea::base
