// SPDX-License-Identifier: Apache-2.0
#include "cluster/object_names.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/hash.h"

namespace cardea::cluster {
namespace {

constexpr std::size_t kHashDigits = 8;

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alphanumeric(char c) { return is_lower(c) || is_digit(c) || (c >= 'A' && c <= 'Z'); }

// RFC 1035: what a Service may be called.
bool is_service_name(std::string_view name) {
  return !name.empty() && name.size() <= kMaxLabel && is_lower(name.front()) && name.back() != '-' &&
         std::ranges::all_of(name, [](char c) { return is_lower(c) || is_digit(c) || c == '-'; });
}

bool is_label_value(std::string_view text) {
  if (text.size() > kMaxLabel) return false;
  if (text.empty()) return true;
  return is_alphanumeric(text.front()) && is_alphanumeric(text.back()) &&
         std::ranges::all_of(text, [](char c) { return is_alphanumeric(c) || c == '-' || c == '_' || c == '.'; });
}

// As much of `text` as leaves room for "-" and the hash of `whole`, which follow.
std::string with_hash(std::string text, std::string_view whole) {
  text.resize(std::min(text.size(), kMaxLabel - kHashDigits - 1));
  while (!text.empty() && !is_alphanumeric(text.back())) text.pop_back();
  return fmt::format("{}-{}", text, base::to_hex(base::hash128(whole)).substr(0, kHashDigits));
}

}  // namespace

std::string object_name(std::string_view gateway, std::string_view gateway_class) {
  const std::string whole = fmt::format("{}-{}", gateway, gateway_class);
  // "a-b" of class "c" and "a" of class "b-c" must not meet.
  const bool unambiguous = !gateway_class.contains('-');
  if (unambiguous && is_service_name(whole)) return whole;
  std::string name = is_lower(whole.front()) ? whole : "gw-" + whole;
  std::ranges::replace(name, '.', '-');
  return with_hash(std::move(name), fmt::format("{}/{}", gateway, gateway_class));
}

std::string label_value(std::string_view text) {
  if (is_label_value(text)) return std::string(text);
  std::string value(text);
  for (char& c : value) {
    if (!is_alphanumeric(c) && c != '-' && c != '_' && c != '.') c = '_';
  }
  if (!is_alphanumeric(value.front())) value.insert(0, "x");
  return with_hash(std::move(value), text);
}

}  // namespace cardea::cluster
