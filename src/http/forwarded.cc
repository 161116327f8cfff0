// SPDX-License-Identifier: Apache-2.0
#include "http/forwarded.h"

#include <algorithm>

#include "base/strings.h"
#include "http/syntax.h"

namespace cardea::http {

bool ForwardedElements::take(char c) {
  if (!rest_.starts_with(c)) return false;
  rest_.remove_prefix(1);
  return true;
}

void ForwardedElements::skip_blanks() {
  while (rest_.starts_with(' ') || rest_.starts_with('\t')) rest_.remove_prefix(1);
}

std::string_view ForwardedElements::take_token() {
  std::size_t size = 0;
  while (size < rest_.size() && is_token(rest_.substr(size, 1))) ++size;
  const std::string_view token = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return token;
}

std::optional<std::string_view> ForwardedElements::read_value() {
  if (!take('"')) {
    const std::string_view token = take_token();
    return token.empty() ? std::nullopt : std::optional(token);
  }
  char* const text = arena_.allocate(rest_.size());
  char* end = text;
  for (std::size_t i = 0; i < rest_.size(); ++i) {
    if (rest_[i] == '"') {
      rest_.remove_prefix(i + 1);
      arena_.shrink_last(end);
      return std::string_view(text, end);
    }
    if (rest_[i] == '\\' && ++i == rest_.size()) break;
    *end++ = rest_[i];
  }
  return std::nullopt;
}

bool ForwardedElements::read_pair(ForwardedElement& element) {
  const std::string_view name = take_token();
  if (name.empty() || !take('=')) return false;
  const auto value = read_value();
  if (!value) return false;
  if (base::iequals(name, "for")) element.for_node = *value;
  if (base::iequals(name, "host")) element.host = *value;
  if (base::iequals(name, "proto")) element.proto = *value;
  return true;
}

std::optional<ForwardedElement> ForwardedElements::fail() {
  malformed_ = true;
  rest_ = {};
  return std::nullopt;
}

std::optional<ForwardedElement> ForwardedElements::next() {
  do skip_blanks();
  while (take(','));
  if (rest_.empty()) return std::nullopt;
  ForwardedElement element;
  for (;;) {
    skip_blanks();
    if (!rest_.empty() && rest_.front() != ';' && rest_.front() != ',' && !read_pair(element)) return fail();
    skip_blanks();
    if (rest_.empty() || rest_.front() == ',') return element;
    if (!take(';')) return fail();
  }
}

std::optional<base::IpAddress> node_address(std::string_view node) {
  if (node.starts_with('[')) {
    const std::size_t end = node.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    const std::string_view rest = node.substr(end + 1);
    if (!rest.empty() && rest.front() != ':') return std::nullopt;
    const auto address = base::parse_ip(node.substr(1, end - 1));
    return address && address->is_v6() ? std::optional(base::unmapped(*address)) : std::nullopt;
  }
  // One colon stands before a port, more of them are an IPv6 address.
  if (std::ranges::count(node, ':') == 1) node = node.substr(0, node.find(':'));
  const auto address = base::parse_ip(node);
  return address ? std::optional(base::unmapped(*address)) : std::nullopt;
}

std::string_view forwarded_value(std::string_view text, TextArena& arena) {
  if (is_token(text)) return text;
  char* const quoted = arena.allocate(2 * text.size() + 2);
  char* end = quoted;
  *end++ = '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') *end++ = '\\';
    *end++ = c;
  }
  *end++ = '"';
  arena.shrink_last(end);
  return {quoted, end};
}

std::string_view forwarded_node(std::string_view ip, TextArena& arena) {
  return ip.contains(':') ? arena.concat({"\"[", ip, "]\""}) : ip;
}

}  // namespace cardea::http
