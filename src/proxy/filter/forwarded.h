// SPDX-License-Identifier: Apache-2.0
// Who forwarded a request to us, and what we say of that to the backend: X-Forwarded-*, X-Real-IP and Forwarded (RFC
// 7239), Via (RFC 9110 section 7.6.3), Max-Forwards (section 7.6.2).
//
// Only trusted proxies (by the address of the connection) are believed. What anybody else says is replaced by what we saw.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "http/head.h"
#include "http/text_arena.h"

namespace cardea::proxy {

// What is known of the client of a request.
struct DecidedClient {
  std::string_view ip;  // who began it, as far as those between are trusted: the rightmost address that is not
  // The rest is empty unless the connection is a trusted proxy's and its fields do not contradict each other.
  std::string_view for_list;   // X-Forwarded-For as received
  std::string_view forwarded;  // Forwarded as received
  std::string_view proto;      // how the client called the first trusted proxy, by X-Forwarded-* or else Forwarded
  std::string_view host;
  std::string_view port;
};

// `peer`: the address of the connection. Where X-Forwarded-For and Forwarded name different clients, or Forwarded is
// malformed, one of them came through unchecked: neither is believed.
DecidedClient decide_client(std::string_view peer, const http::Fields& fields, const std::vector<base::IpRange>& trusted,
                     http::TextArena& arena);

// How the request came to us.
struct Arrival {
  std::string_view peer;    // the address of the connection
  std::string_view scheme;  // of the listener
  std::string_view host;    // as the client wrote it; may be empty (HTTP/1.0)
  std::uint16_t port = 0;
};
// Writes X-Forwarded-For, -Proto, -Host, -Port, X-Real-IP and Forwarded.
void tell_forwarded(const DecidedClient& client, const Arrival& arrival, http::Fields& fields, http::TextArena& arena);

// Adds us to Via. `name` must outlive the head.
void add_via(http::Version received, std::string_view name, http::Fields& fields, http::TextArena& arena);
// How often `name` stands in Via: that many times the message was here.
std::size_t count_in_via(const http::Fields& fields, std::string_view name);

// TRACE and OPTIONS with a Max-Forwards: one less. False: it was 0, and the request is to be answered here.
bool take_max_forwards(http::RequestHead& head, http::TextArena& arena);
// What TRACE is answered with (section 9.3.8): the request as received, without what identifies somebody.
std::string_view traced_request(const http::RequestHead& head, http::TextArena& arena);

}  // namespace cardea::proxy
