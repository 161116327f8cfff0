// SPDX-License-Identifier: Apache-2.0
// What `cardea echo` answers: what the request asks for, and the JSON that tells what was received. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/head.h"

namespace cardea::app {

// How the client wants to be answered.
struct EchoWish {
  std::uint16_t status = 200;           // a path that ends in /status/NNN (200 to 599)
  std::chrono::milliseconds delay{0};   // ?delay=500ms
  std::optional<std::uint64_t> bytes;   // ?bytes=64k: that many bytes instead of the JSON
  std::vector<std::pair<std::string_view, std::string_view>> fields;  // X-Echo-Set-Header: Name: value
};
// Views point into `request`. What cannot be understood is passed over.
EchoWish wish_of(const http::RequestHead& request);

struct EchoFacts {
  std::string_view name;
  std::string_view client;  // "127.0.0.1:40112"
  std::uint64_t body_bytes = 0;
  struct Tls {
    std::string_view version;  // "TLSv1.3"
    std::string_view server_name;
    std::string_view alpn;
  };
  std::optional<Tls> tls;
};
// {name, method, path, host, proto, headers: {name: [values]}, body_bytes, client, tls: {version, serverName, alpn}} into
// `out`, which is emptied first.
void write_echo(std::string& out, const EchoFacts& facts, const http::RequestHead& request);

}  // namespace cardea::app
