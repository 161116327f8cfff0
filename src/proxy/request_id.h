// SPDX-License-Identifier: Apache-2.0
// X-Request-Id: the client's is kept when it is a plain, short token (so that it can be logged and forwarded as it is),
// else a new one is made: 128 random bits as 32 hexadecimal digits, unique but not secret.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/strings.h"
#include "proxy/random.h"

namespace cardea::proxy {

inline constexpr std::string_view kRequestIdField = "X-Request-Id";
inline constexpr std::size_t kMaxRequestId = 128;

constexpr bool is_valid_request_id(std::string_view id) {
  if (id.empty() || id.size() > kMaxRequestId) return false;
  for (const char c : id) {
    const bool plain = base::is_alpha(c) || base::is_digit(c) || std::string_view("-_.:=+/@").contains(c);
    if (!plain) return false;
  }
  return true;
}

using RequestIdText = std::array<char, 32>;

inline std::string_view make_request_id(Random& random, RequestIdText& text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  for (std::size_t half = 0; half < 2; ++half) {
    std::uint64_t bits = random.next();
    for (std::size_t i = 0; i < 16; ++i, bits >>= 4) text[half * 16 + i] = kDigits[bits & 15];
  }
  return {text.data(), text.size()};
}

// The client's id where it is valid, else a new one in `text`.
inline std::string_view request_id(std::string_view of_client, Random& random, RequestIdText& text) {
  return is_valid_request_id(of_client) ? of_client : make_request_id(random, text);
}

}  // namespace cardea::proxy
