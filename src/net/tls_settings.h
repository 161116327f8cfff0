// SPDX-License-Identifier: Apache-2.0
// What both sides of TLS are told: a certificate with its key, and the rules of versions and ciphers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace cardea::net {

struct TlsCertificate {
  std::string_view chain_pem;  // leaf first
  std::string_view key_pem;
};

enum class TlsVersion : std::uint8_t { Tls12, Tls13 };

struct TlsRules {
  TlsVersion min_version = TlsVersion::Tls12;
  std::string ciphers;        // of TLS 1.2, as ciphers(1) writes them; empty: our choice
  std::string cipher_suites;  // of TLS 1.3, separated by colons; empty: OpenSSL's choice
  bool operator==(const TlsRules&) const = default;
};

// Whether OpenSSL knows all that they name.
base::Result<> check_rules(const TlsRules& rules);

}  // namespace cardea::net
