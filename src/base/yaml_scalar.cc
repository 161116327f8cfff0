// SPDX-License-Identifier: Apache-2.0
#include "base/yaml_scalar.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>

#include "base/strings.h"

namespace cardea::base {

namespace {

constexpr std::string_view kTagPrefix = "tag:yaml.org,2002:";

template <std::size_t N>
bool is_one_of(std::string_view text, const std::array<std::string_view, N>& words) {
  return std::ranges::find(words, text) != words.end();
}

// Lower case, Capitalised, or UPPER case.
template <std::size_t N>
bool is_word(std::string_view text, const std::array<std::string_view, N>& words) {
  if (text.size() > 5 || !is_one_of(to_lower(text), words)) return false;
  const std::string_view rest = text.substr(1);
  return rest == to_lower(rest) || text == to_upper(text);
}

constexpr std::array<std::string_view, 4> kTrue = {"true", "yes", "on", "y"};
constexpr std::array<std::string_view, 4> kFalse = {"false", "no", "off", "n"};

bool is_null(std::string_view text) {
  return text.empty() || text == "~" || is_word(text, std::array<std::string_view, 1>{"null"});
}

bool is_infinite(std::string_view text) {
  constexpr std::array<std::string_view, 12> kWords = {".inf",  ".Inf",  ".INF",  "+.inf", "+.Inf", "+.INF",
                                                       "-.inf", "-.Inf", "-.INF", ".nan",  ".NaN",  ".NAN"};
  return is_one_of(text, kWords);
}

struct Digits {
  int base;
  std::string_view text;
};

// What stands behind a sign: 0x, 0o and 0b name the base, and so does a leading zero (octal, if it can be).
Digits digits_of(std::string_view text) {
  if (text.size() > 1 && text[0] == '0') {
    const char mark = ascii_lower(text[1]);
    if (mark == 'x') return {16, text.substr(2)};
    if (mark == 'o') return {8, text.substr(2)};
    if (mark == 'b') return {2, text.substr(2)};
    if (text.find_first_not_of("01234567") == std::string_view::npos) return {8, text.substr(1)};
  }
  return {10, text};
}

double power_of_two_number(const Digits& digits) {
  double value = 0;
  for (const char c : digits.text) value = value * digits.base + hex_value(c);
  return value;
}

// `text` is without underscores.
std::optional<Value> integer(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const Digits digits = digits_of(text);
  const bool all_digits = !digits.text.empty() && std::ranges::all_of(digits.text, [&](char c) {
    return hex_value(c) >= 0 && hex_value(c) < digits.base;
  });
  if (!all_digits) return std::nullopt;
  std::uint64_t value = 0;
  const auto [end, error] =
      std::from_chars(digits.text.data(), digits.text.data() + digits.text.size(), value, digits.base);
  constexpr std::uint64_t kMax = std::numeric_limits<std::int64_t>::max();
  if (error == std::errc() && value <= kMax + (negative ? 1 : 0)) {
    return Value(static_cast<std::int64_t>(negative ? 0 - value : value));
  }
  if (digits.base == 10) return std::nullopt;  // read as a decimal fraction, to its nearest double
  const double magnitude = power_of_two_number(digits);
  if (!std::isfinite(magnitude)) return std::nullopt;
  return Value(negative ? -magnitude : magnitude);
}

// [-+]? (digits [. digits*] | . digits) ([eE] [-+]? digits)?
bool is_decimal(std::string_view text) {
  const auto skip_digits = [&] {
    const std::size_t count = std::min(text.find_first_not_of("0123456789"), text.size());
    text.remove_prefix(count);
    return count;
  };
  const auto skip_sign = [&] {
    if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  };
  skip_sign();
  std::size_t count = skip_digits();
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    count += skip_digits();
  }
  if (count == 0) return false;
  if (!text.empty() && ascii_lower(text[0]) == 'e') {
    text.remove_prefix(1);
    skip_sign();
    if (skip_digits() == 0) return false;
  }
  return text.empty();
}

std::optional<Value> decimal(std::string_view text) {
  if (!is_decimal(text)) return std::nullopt;
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return Value(value);
}

std::optional<Value> number(std::string_view text) {
  if (text.empty() || (!is_digit(text[0]) && text[0] != '-' && text[0] != '+' && text[0] != '.')) return std::nullopt;
  std::string plain(text);
  if (text[0] != '.') std::erase(plain, '_');
  if (auto value = integer(plain)) return value;
  return decimal(plain);
}

Result<Value> resolve_tagged(std::string_view text, std::string_view type) {
  if (type == "str" || type == "timestamp") return Value(text);
  if (type == "binary") {
    std::string packed(text);
    std::erase_if(packed, [](char c) { return c == '\n' || c == ' ' || c == '\t'; });
    auto bytes = decode_base64(packed);
    if (!bytes) return fail("not base64, as the tag !!binary demands");
    if (!is_utf8(*bytes))
      return fail("the bytes under the tag !!binary are not UTF-8 text, which is all that fits here");
    return Value(std::move(*bytes));
  }
  const Value value = resolve_plain(text);
  if ((type == "int" && value.is_int()) || (type == "bool" && value.is_bool()) || (type == "null" && value.is_null()) ||
      (type == "float" && value.is_double())) {
    return value;
  }
  if (type == "float" && value.is_int()) return Value(static_cast<double>(value.as_int()));
  return fail(fmt::format("\"{}\" is not what the tag !!{} demands", text, type));
}

// [-+]? digits (: one or two digits)+ and maybe a fraction: base 60.
bool is_base_60(std::string_view text) {
  return text.find(':') != std::string_view::npos &&
         text.find_first_not_of("0123456789_:.+-") == std::string_view::npos;
}

// YYYY-M..., a date or a time stamp.
bool is_date(std::string_view text) {
  return text.size() > 4 && text[4] == '-' && std::ranges::all_of(text.substr(0, 4), is_digit);
}

}  // namespace

Value resolve_plain(std::string_view text) {
  if (is_null(text)) return {};
  if (is_word(text, kTrue)) return true;
  if (is_word(text, kFalse)) return false;
  if (auto value = number(text)) return *value;
  return text;
}

Result<Value> resolve_scalar(std::string_view text, bool plain, std::string_view tag) {
  if (tag.empty()) {
    if (!plain) return Value(text);
    if (is_infinite(text)) return fail(fmt::format("{} is not a number that JSON knows; quote it if it is text", text));
    return resolve_plain(text);
  }
  if (tag == "!") return Value(text);
  if (!tag.starts_with(kTagPrefix)) return fail(fmt::format("the tag {} is not known", tag));
  return resolve_tagged(text, tag.substr(kTagPrefix.size()));
}

bool is_misread_when_plain(std::string_view text) {
  return !resolve_plain(text).is_string() || is_infinite(text) || text == "<<" || text == "=" || is_base_60(text) ||
         is_date(text);
}

}  // namespace cardea::base
