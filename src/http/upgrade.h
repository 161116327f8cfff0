// SPDX-License-Identifier: Apache-2.0
// Upgrade (RFC 9110 section 7.8) and the WebSocket handshake over HTTP/1.1 (RFC 6455 section 4). Pure functions of
// heads.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "http/head.h"

namespace cardea::http {

enum class UpgradeKind : std::uint8_t {
  None,       // no Upgrade, or one to be ignored (HTTP/1.0, no "Connection: upgrade"): strip it and go on
  WebSocket,  // a complete opening handshake
  Other,      // one other protocol that may be tunnelled
  Refused,  // a name of HTTP itself or TLS (h2c, HTTP/2.0, TLS/1.2), several protocols: strip it and go on. Tunnelling
            // these would carry further requests past the gateway.
  Malformed,  // a WebSocket handshake that is not GET, or without its one key and version: 400
};
// Before strip_hop_by_hop(), which takes Connection away.
UpgradeKind upgrade_kind(const RequestHead& request);

// A 101 with "Connection: upgrade" and the one protocol that the request named; any other 101 is a malformed response.
// `request` was forwarded with its Upgrade (WebSocket or Other; stripped or not), `response` is not stripped yet. The key
// that we made for a client of HTTP/2 nobody else can check, so it is checked here.
bool accepts_upgrade(const RequestHead& request, const ResponseHead& response);

// The Sec-WebSocket-Accept that answers a Sec-WebSocket-Key (RFC 6455 section 4.2.2).
std::string websocket_accept(std::string_view key);

}  // namespace cardea::http
