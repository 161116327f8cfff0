// SPDX-License-Identifier: Apache-2.0
#include "base/hash.h"

#include <openssl/evp.h>

#include <algorithm>
#include <cstdlib>

#include "base/strings.h"

namespace cardea::base {

Hash128 hash128(std::string_view content) {
  // Fetched once: the implicit fetch of EVP_sha256() costs more than hashing a small part.
  static EVP_MD* const kSha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  if (kSha256 == nullptr || EVP_Digest(content.data(), content.size(), digest.data(), nullptr, kSha256, nullptr) != 1) {
    std::abort();  // without SHA-256 nothing here has an identity
  }
  Hash128 hash;
  std::copy_n(digest.begin(), hash.bytes.size(), hash.bytes.begin());
  return hash;
}

std::string sha1(std::string_view content) {
  static EVP_MD* const kSha1 = EVP_MD_fetch(nullptr, "SHA1", nullptr);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (kSha1 == nullptr || EVP_Digest(content.data(), content.size(), digest.data(), &size, kSha1, nullptr) != 1) std::abort();
  return {reinterpret_cast<const char*>(digest.data()), size};
}

std::string to_hex(const Hash128& hash) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  hex.reserve(2 * hash.bytes.size());
  for (const std::uint8_t byte : hash.bytes) {
    hex.push_back(kDigits[byte >> 4]);
    hex.push_back(kDigits[byte & 0xF]);
  }
  return hex;
}

std::optional<Hash128> parse_hash(std::string_view hex) {
  Hash128 hash;
  if (hex.size() != 2 * hash.bytes.size()) return std::nullopt;
  for (std::size_t i = 0; i < hash.bytes.size(); ++i) {
    const int high = hex_value(hex[2 * i]);
    const int low = hex_value(hex[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    hash.bytes[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  return hash;
}

}  // namespace cardea::base
