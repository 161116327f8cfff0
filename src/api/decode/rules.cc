// SPDX-License-Identifier: Apache-2.0
#include "api/decode/rules.h"

#include <algorithm>

#include "base/ip.h"
#include "base/strings.h"

namespace cardea::api {
namespace {

using base::is_alpha;
using base::is_digit;

constexpr bool is_alnum(char c) { return is_alpha(c) || is_digit(c); }
constexpr bool is_lower_alnum(char c) { return (c >= 'a' && c <= 'z') || is_digit(c); }
constexpr bool is_label_char(char c) { return is_lower_alnum(c) || c == '-'; }
constexpr bool is_visible(char c) { return c >= '!' && c <= '~'; }

template <class Is>
bool all(std::string_view text, Is is) {
  return std::all_of(text.begin(), text.end(), is);
}

// Non-empty, all characters as `is` says, first and last as `edge` says.
template <class Is, class Edge>
bool is_word(std::string_view text, Is is, Edge edge) {
  return !text.empty() && edge(text.front()) && edge(text.back()) && all(text, is);
}

bool is_name_part(std::string_view text) {
  return text.size() <= 63 &&
         is_word(text, [](char c) { return is_alnum(c) || c == '-' || c == '_' || c == '.'; }, is_alnum);
}

// The path of a domain-prefixed string, as GatewayController and AddressType have it.
bool is_prefixed_path_char(char c) { return is_alnum(c) || std::string_view("/-._~%!$&'()*+,;=:").contains(c); }

bool is_identifier_char(char c) { return is_alnum(c) || c == '_'; }

bool is_identifier(std::string_view text) {
  return !text.empty() && !is_digit(text.front()) && all(text, is_identifier_char);
}

// Ends with a lower-case letter or digit, '/', and at least one character as `is` says. This is all that an alternative
// without "^" before it demands.
template <class Is>
bool ends_with_prefixed(std::string_view text, Is is) {
  for (std::size_t slash = text.find('/', 1); slash != std::string_view::npos; slash = text.find('/', slash + 1)) {
    const std::string_view rest = text.substr(slash + 1);
    if (is_lower_alnum(text[slash - 1]) && !rest.empty() && all(rest, is)) return true;
  }
  return false;
}

}  // namespace

bool is_label1123(std::string_view text) { return text.size() <= 63 && is_word(text, is_label_char, is_lower_alnum); }

bool is_label1035(std::string_view text) { return is_label1123(text) && !is_digit(text.front()); }

// The pattern bounds the whole (its TextRule), not each label.
bool is_subdomain(std::string_view text) {
  while (true) {
    const std::size_t dot = text.find('.');
    if (!is_word(text.substr(0, dot), is_label_char, is_lower_alnum)) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

bool is_group(std::string_view text) { return text.empty() || is_subdomain(text); }

bool is_kind(std::string_view text) {
  return is_word(text, [](char c) { return is_alnum(c) || c == '-'; }, is_alnum) && is_alpha(text.front());
}

bool is_hostname(std::string_view text) {
  if (text.starts_with("*.")) text.remove_prefix(2);
  return is_subdomain(text);
}

bool is_token(std::string_view text) {
  return !text.empty() &&
         all(text, [](char c) { return is_alnum(c) || std::string_view("!#$%&'*+-.^_`|~").contains(c); });
}

bool is_header_value(std::string_view text) {
  if (text.empty() || !is_visible(text.front()) || !is_visible(text.back())) return false;
  for (std::size_t i = 1; i < text.size(); ++i) {
    const bool is_gap = text[i] == ' ' || text[i] == '\t';
    if (is_gap ? !is_visible(text[i - 1]) : !is_visible(text[i])) return false;
  }
  return true;
}

bool has_no_line_end(std::string_view text) {
  return all(text, [](char c) { return c != '\r' && c != '\n' && c != '\0'; });
}

bool is_domain_prefixed_path(std::string_view text) {
  const std::size_t slash = text.find('/');
  return slash != std::string_view::npos && is_subdomain(text.substr(0, slash)) && slash + 1 < text.size() &&
         all(text.substr(slash + 1), is_prefixed_path_char);
}

bool is_path(std::string_view text) {
  if (text.empty()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (i + 2 >= text.size() || base::hex_value(text[i + 1]) < 0 || base::hex_value(text[i + 2]) < 0) return false;
      i += 2;
    } else if (!is_alnum(text[i]) && !std::string_view("-/._~!$&'()*+,;=:@").contains(text[i])) {
      return false;
    }
  }
  return true;
}

bool is_cors_origin(std::string_view text) {
  if (text == "*") return true;
  if (!text.starts_with("http://") && !text.starts_with("https://")) return false;
  text.remove_prefix(text.find("//") + 2);
  if (const std::size_t colon = text.find(':'); colon != std::string_view::npos) {
    const std::string_view port = text.substr(colon + 1);
    if (port.empty() || port.size() > 5 || !all(port, is_digit)) return false;
    text = text.substr(0, colon);
  }
  if (text == "*") return true;
  if (text.starts_with("*.")) text.remove_prefix(2);
  const auto labels = base::split(text, '.');
  return std::all_of(labels.begin(), labels.end(), [](std::string_view label) {
    return !label.empty() && all(label, [](char c) { return is_alnum(c) || c == '-'; });
  });
}

bool is_absolute_uri(std::string_view text) {
  const std::size_t end = text.find_first_of(":/?#");
  return end != 0 && end != std::string_view::npos && text.substr(end).starts_with("://");
}

// ^[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?$|[a-z0-9]...\/[A-Za-z0-9]+$
bool is_listener_protocol(std::string_view text) {
  return is_word(text, [](char c) { return is_alnum(c) || c == '-'; }, is_alnum) || ends_with_prefixed(text, is_alnum);
}

// ^Hostname|IPAddress|NamedAddress|[a-z0-9]...\/...+$
bool is_address_type(std::string_view text) {
  return text.starts_with("Hostname") || text.contains("IPAddress") || text.contains("NamedAddress") ||
         ends_with_prefixed(text, is_prefixed_path_char);
}

bool is_qualified_name(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return is_name_part(text);
  return slash <= 253 && is_subdomain(text.substr(0, slash)) && is_name_part(text.substr(slash + 1));
}

bool is_label_value(std::string_view text) { return text.empty() || is_name_part(text); }

bool is_well_known_ca(std::string_view text) {
  if (text == "System") return true;
  return text.contains('/') && is_qualified_name(text);
}

bool is_grpc_service(std::string_view text) {
  if (text.starts_with('.')) text.remove_prefix(1);
  const auto parts = base::split(text, '.');
  return std::all_of(parts.begin(), parts.end(), is_identifier);
}

bool is_grpc_method(std::string_view text) { return is_identifier(text); }

bool is_data_key(std::string_view text) {
  return !text.empty() && text != "." && !text.starts_with("..") &&
         all(text, [](char c) { return is_alnum(c) || c == '-' || c == '_' || c == '.'; });
}

bool is_port_name(std::string_view text) {
  return text.size() <= 15 && is_word(text, is_label_char, is_lower_alnum) && !text.contains("--") &&
         !all(text, [](char c) { return is_digit(c) || c == '-'; });
}

bool is_ip(std::string_view text) { return base::parse_ip(text).has_value(); }

}  // namespace cardea::api
