// SPDX-License-Identifier: Apache-2.0
// The items of a comma-separated field value without quoted strings, such as Connection (RFC 9110 section 5.6.1): the
// whitespace around an item and empty items are skipped.
#pragma once

#include <optional>
#include <string_view>

namespace cardea::http {

constexpr std::string_view trim(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

class ListItems {
 public:
  explicit ListItems(std::string_view value) : rest_(value) {}

  std::optional<std::string_view> next() {
    while (!rest_.empty()) {
      const std::size_t comma = rest_.find(',');
      const std::string_view item = trim(rest_.substr(0, comma));
      rest_ = comma == std::string_view::npos ? std::string_view() : rest_.substr(comma + 1);
      if (!item.empty()) return item;
    }
    return std::nullopt;
  }

 private:
  std::string_view rest_;
};

}  // namespace cardea::http
