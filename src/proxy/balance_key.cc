// SPDX-License-Identifier: Apache-2.0
#include "proxy/balance_key.h"

#include "base/strings.h"
#include "proxy/text_hash.h"

namespace cardea::proxy {
namespace {

// The value of the cookie of that name (RFC 6265 section 4.2), or an empty one.
std::string_view find_cookie(const http::RequestHead& head, std::string_view name) {
  for (const http::Field& field : head.fields) {
    if (field.id != http::HeaderId::Cookie) continue;
    std::string_view rest = field.value;
    while (!rest.empty()) {
      const std::size_t end = rest.find(';');
      const std::string_view pair = base::trim(rest.substr(0, end));
      if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=') return pair.substr(name.size() + 1);
      rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    }
  }
  return {};
}

std::string_view find_header(const http::RequestHead& head, std::string_view name) {
  const http::Field* field = head.fields.find(name);
  return field ? field->value : std::string_view();
}

}  // namespace

BalanceBy balance_by(const Settings& settings, const http::RequestHead& head, std::string_view client_ip) {
  if (settings.load_balancing != LoadBalancing::Hash) return {settings.load_balancing, 0};
  std::string_view text = client_ip;
  if (settings.hash_on == HashOn::Header) text = find_header(head, settings.hash_name);
  if (settings.hash_on == HashOn::Cookie) text = find_cookie(head, settings.hash_name);
  if (text.empty()) return {};
  return {LoadBalancing::Hash, chain_hash(kHashStart, text)};
}

}  // namespace cardea::proxy
