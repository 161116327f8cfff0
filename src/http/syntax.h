// SPDX-License-Identifier: Apache-2.0
// The character classes of RFC 9110 section 5.6 and RFC 3986 section 2, one table; and whole-text checks made of them.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace cardea::http {

enum : std::uint8_t {
  kTokenChar = 1,  // tchar
  kFieldChar = 2,  // VCHAR, SP, HTAB, obs-text
  kPathChar = 4,   // pchar without '%', and '/'
  kQueryChar = 8,  // pchar without '%', and "/?[]": brackets are not in the RFC's query, but in many a real one
  kHexDigit = 32,
  kDigit = 64,
  kUnreserved = 128,
};

namespace detail {
constexpr std::array<std::uint8_t, 256> make_classes() {
  std::array<std::uint8_t, 256> table{};
  const auto add = [&](std::string_view set, int flags) {
    for (char c : set) table[static_cast<unsigned char>(c)] |= static_cast<std::uint8_t>(flags);
  };
  constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  constexpr std::string_view kDigits = "0123456789";
  add(kLetters, kTokenChar | kPathChar | kQueryChar | kUnreserved);
  add(kDigits, kTokenChar | kPathChar | kQueryChar | kUnreserved | kHexDigit | kDigit);
  add("-._~", kPathChar | kQueryChar | kUnreserved);
  add("abcdefABCDEF", kHexDigit);
  add("!#$%&'*+-.^_`|~", kTokenChar);
  add("!$&'()*+,;=:@/", kPathChar | kQueryChar);
  add("?[]", kQueryChar);
  for (int c = 0x20; c < 0x100; ++c) table[static_cast<std::size_t>(c)] |= kFieldChar;
  table['\t'] |= kFieldChar;
  table[0x7f] &= static_cast<std::uint8_t>(~kFieldChar);
  return table;
}
}  // namespace detail

inline constexpr std::array<std::uint8_t, 256> kClasses = detail::make_classes();

constexpr bool is_class(char c, std::uint8_t flags) { return (kClasses[static_cast<unsigned char>(c)] & flags) != 0; }
constexpr bool all_in_class(std::string_view text, std::uint8_t flags) {
  for (char c : text) {
    if (!is_class(c, flags)) return false;
  }
  return true;
}
constexpr char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }
constexpr int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = to_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// A method or field name.
constexpr bool is_token(std::string_view text) { return !text.empty() && all_in_class(text, kTokenChar); }
// A field value as it may stand in a head: no control bytes but HTAB, no whitespace at the ends.
constexpr bool is_field_value(std::string_view text) {
  if (!all_in_class(text, kFieldChar)) return false;
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  return text.empty() || !(blank(text.front()) || blank(text.back()));
}

}  // namespace cardea::http
