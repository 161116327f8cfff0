// SPDX-License-Identifier: Apache-2.0
#include "http/trace_context.h"

#include <algorithm>

#include "base/strings.h"
#include "http/list.h"

namespace cardea::http {
namespace {

constexpr std::size_t kMaxMembers = 32;
constexpr std::size_t kMaxText = 256;  // of a key, of a value

bool is_lower_hex(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return base::is_digit(c) || (c >= 'a' && c <= 'f'); });
}

bool is_zero(std::string_view text) { return text.find_first_not_of('0') == std::string_view::npos; }

bool is_key(std::string_view key) {
  if (key.empty() || key.size() > kMaxText) return false;
  const auto starts = [](char c) { return (c >= 'a' && c <= 'z') || base::is_digit(c); };
  const auto goes_on = [&](char c) { return starts(c) || std::string_view("_-*/@").contains(c); };
  return starts(key.front()) && std::ranges::all_of(key, goes_on) && std::ranges::count(key, '@') <= 1;
}

bool is_value(std::string_view value) {
  const auto allowed = [](char c) { return c >= ' ' && c <= '~' && c != ',' && c != '='; };
  return !value.empty() && value.size() <= kMaxText && std::ranges::all_of(value, allowed);
}

}  // namespace

std::optional<std::string_view> trace_id_of(std::string_view traceparent) {
  if (traceparent.size() < kTraceparentSize) return std::nullopt;
  const std::string_view version = traceparent.substr(0, 2), trace = traceparent.substr(3, 32);
  const std::string_view parent = traceparent.substr(36, 16), flags = traceparent.substr(53, 2);
  if (traceparent[2] != '-' || traceparent[35] != '-' || traceparent[52] != '-') return std::nullopt;
  if (!is_lower_hex(version) || !is_lower_hex(trace) || !is_lower_hex(parent) || !is_lower_hex(flags)) return std::nullopt;
  if (version == "ff" || is_zero(trace) || is_zero(parent)) return std::nullopt;
  if (traceparent.size() > kTraceparentSize && (version == "00" || traceparent[kTraceparentSize] != '-')) return std::nullopt;
  return trace;
}

bool is_tracestate(std::string_view value) {
  ListItems items(value);
  std::size_t members = 0;
  while (const auto item = items.next()) {
    const std::size_t equals = item->find('=');
    if (equals == std::string_view::npos || ++members > kMaxMembers) return false;
    if (!is_key(item->substr(0, equals)) || !is_value(item->substr(equals + 1))) return false;
  }
  return members > 0;
}

}  // namespace cardea::http
