// SPDX-License-Identifier: Apache-2.0
// Content hashes: the identity of a part of a plan, of a file's content, of anything compared by what it holds.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace cardea::base {

// The first half of a SHA-256. All zeros means "not computed".
struct Hash128 {
  std::array<std::uint8_t, 16> bytes{};

  auto operator<=>(const Hash128&) const = default;
  bool is_zero() const { return *this == Hash128{}; }
};

Hash128 hash128(std::string_view content);

// The 20 bytes of a SHA-1: for protocols that ask for it (RFC 6455), never for safety.
std::string sha1(std::string_view content);

// 32 lower-case hexadecimal digits, and back.
std::string to_hex(const Hash128& hash);
std::optional<Hash128> parse_hash(std::string_view hex);

}  // namespace cardea::base

template <>
struct std::hash<cardea::base::Hash128> {
  std::size_t operator()(const cardea::base::Hash128& hash) const noexcept {
    std::size_t word;
    std::memcpy(&word, hash.bytes.data(), sizeof word);
    return word;
  }
};
