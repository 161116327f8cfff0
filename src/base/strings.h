// SPDX-License-Identifier: Apache-2.0
// Small pure functions over text: ASCII only, no locale, nothing allocates unless it returns a string.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace cardea::base {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr char ascii_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }
constexpr char ascii_upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c; }

// The value of a hexadecimal digit, or -1.
constexpr int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  const char lower = ascii_lower(c);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// Equal but for the case of ASCII letters.
constexpr bool iequals(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (ascii_lower(a[i]) != ascii_lower(b[i])) return false;
  }
  return true;
}

// Without the characters of `set` at both ends; by default what RFC 9110 calls OWS.
constexpr std::string_view trim(std::string_view text, std::string_view set = " \t") {
  const std::size_t first = text.find_first_not_of(set);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(set) - first + 1);
}

std::string to_lower(std::string_view text);
std::string to_upper(std::string_view text);

// The pieces between separators, empty ones included: n separators give n + 1 pieces that point into `text`.
std::vector<std::string_view> split(std::string_view text, char separator);
std::string join(const std::vector<std::string>& parts, std::string_view separator);

// Digits only, at least one, no sign, no space; nothing when the number exceeds `max`.
std::optional<std::uint64_t> parse_uint64(std::string_view text, std::uint64_t max);

template <class T>
  requires std::is_unsigned_v<T>
std::optional<T> parse_uint(std::string_view text, T max = std::numeric_limits<T>::max()) {
  const auto number = parse_uint64(text, max);
  if (!number) return std::nullopt;
  return static_cast<T>(*number);
}

// Whether `text` is well-formed UTF-8 (no overlong form, no surrogate, nothing beyond U+10FFFF).
bool is_utf8(std::string_view text);
// How many bytes at its front are.
std::size_t utf8_prefix(std::string_view text);
// `text` with U+FFFD for every byte that is not part of a well-formed sequence.
std::string replace_malformed(std::string_view text);
// `text` when it has at most `max` bytes, 3 or more; else as much of its front as leaves room for "...", and that: never half
// of a character.
std::string shortened(std::string_view text, std::size_t max);

// RFC 4648 section 4, strict: padded, no line breaks, no stray bits.
std::optional<std::string> decode_base64(std::string_view text);
std::string encode_base64(std::string_view bytes);

}  // namespace cardea::base
