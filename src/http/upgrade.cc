// SPDX-License-Identifier: Apache-2.0
#include "http/upgrade.h"

#include <algorithm>
#include <string_view>

#include "base/hash.h"
#include "base/strings.h"
#include "http/framing.h"
#include "http/list.h"
#include "http/syntax.h"

namespace cardea::http {
namespace {

// The one protocol that Upgrade names; empty when there are several, or none.
std::string_view only_protocol(const Fields& fields) {
  if (fields.count(HeaderId::Upgrade) != 1) return {};
  ListItems items(fields.get(HeaderId::Upgrade));
  const auto first = items.next();
  return first && !items.next() ? *first : std::string_view();
}

bool is_protocol(std::string_view text) {
  const std::size_t slash = text.find('/');
  return is_token(text.substr(0, slash)) && (slash == std::string_view::npos || is_token(text.substr(slash + 1)));
}

bool carries_requests(std::string_view protocol) {
  const std::string_view name = protocol.substr(0, protocol.find('/'));
  return std::ranges::any_of(std::initializer_list<std::string_view>{"h2c", "h2", "h3", "http", "tls"},
                             [&](std::string_view refused) { return equal_ignoring_case(name, refused); });
}

bool is_websocket_handshake(const RequestHead& request) {
  const Fields& fields = request.fields;
  return request.method == Method::Get && fields.count(HeaderId::SecWebSocketKey) == 1 &&
         fields.count(HeaderId::SecWebSocketVersion) == 1;
}

}  // namespace

UpgradeKind upgrade_kind(const RequestHead& request) {
  if (!request.fields.has(HeaderId::Upgrade) || request.version == Version::Http10) return UpgradeKind::None;
  if (!list_contains(request.fields, HeaderId::Connection, "upgrade")) return UpgradeKind::None;
  const std::string_view protocol = only_protocol(request.fields);
  if (!is_protocol(protocol) || carries_requests(protocol)) return UpgradeKind::Refused;
  if (!equal_ignoring_case(protocol, "websocket")) return UpgradeKind::Other;
  return is_websocket_handshake(request) ? UpgradeKind::WebSocket : UpgradeKind::Malformed;
}

bool accepts_upgrade(const RequestHead& request, const ResponseHead& response) {
  if (response.status != 101 || !list_contains(response.fields, HeaderId::Connection, "upgrade")) return false;
  const std::string_view asked = only_protocol(request.fields);
  if (asked.empty() || !equal_ignoring_case(only_protocol(response.fields), asked)) return false;
  if (request.version != Version::Http2) return true;
  return response.fields.get(HeaderId::SecWebSocketAccept) == websocket_accept(request.fields.get(HeaderId::SecWebSocketKey));
}

std::string websocket_accept(std::string_view key) {
  return base::encode_base64(base::sha1(std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"));
}

}  // namespace cardea::http
