// SPDX-License-Identifier: Apache-2.0
#include "proxy/balance_key.h"

#include "http/cookie.h"
#include "proxy/text_hash.h"

namespace cardea::proxy {
namespace {

std::string_view find_header(const http::RequestHead& head, std::string_view name) {
  const http::Field* field = head.fields.find(name);
  return field ? field->value : std::string_view();
}

}  // namespace

BalanceBy balance_by(const Settings& settings, const http::RequestHead& head, std::string_view client_ip) {
  if (settings.load_balancing != LoadBalancing::Hash) return {settings.load_balancing, 0};
  std::string_view text = client_ip;
  if (settings.hash_on == HashOn::Header) text = find_header(head, settings.hash_name);
  if (settings.hash_on == HashOn::Cookie) {
    text = {};
    http::find_cookie(head.fields, settings.hash_name, [&](std::string_view value) {
      text = value;
      return true;
    });
  }
  if (text.empty()) return {};
  return {LoadBalancing::Hash, chain_hash(kHashStart, text)};
}

}  // namespace cardea::proxy
