// SPDX-License-Identifier: Apache-2.0
// How a message's body is delimited on an HTTP/1 connection (RFC 9112 section 6.3), and whether the connection persists
// (section 9.3). Pure functions of parsed heads.
#pragma once

#include <cstdint>

#include "http/head.h"

namespace cardea::http {

struct Framing {
  enum class Kind : std::uint8_t {
    None,        // no body
    Length,      // exactly `length` bytes
    Chunked,     // chunked.h
    UntilClose,  // responses only: ends with the connection
    Tunnel,      // no message any more: bytes both ways until either side closes (101, 2xx to CONNECT)
  };
  Kind kind = Kind::None;
  std::uint64_t length = 0;

  bool has_body() const {
    return kind == Kind::Chunked || kind == Kind::UntilClose || (kind == Kind::Length && length > 0);
  }
  bool operator==(const Framing&) const = default;

  static Framing none() { return {}; }
  static Framing of_length(std::uint64_t length) { return {Kind::Length, length}; }
  static Framing chunked() { return {Kind::Chunked, 0}; }
  static Framing until_close() { return {Kind::UntilClose, 0}; }
  static Framing tunnel() { return {Kind::Tunnel, 0}; }
};

// The body that follows this head on the wire. `request_method` is that of the request which the response answers.
Framing body_framing(const RequestHead& request);
Framing body_framing(const ResponseHead& response, Method request_method);

// The framing that the forwarded head announces (h1_writer.h): as body_framing(), but the answer to HEAD and a 304 keep
// the length that they only describe, and a request whose method expects content says Content-Length: 0 when it has
// none.
Framing announced_framing(const RequestHead& request);
Framing announced_framing(const ResponseHead& response, Method request_method);

// Whether a message that came by HTTP/2 with its length must be chunked in HTTP/1.1, which has no other place for the
// trailers that may still come (RFC 9112 section 7.1.2). The sender of a request says so by Trailer; of a response nobody
// knows, and whoever wants them said `TE: trailers` (RFC 9110 section 6.5.1). gRPC always has them.
bool needs_chunks(const RequestHead& request);
bool needs_chunks(const ResponseHead& response, const RequestHead& request);

// Whether the peer wants the connection kept after this message (RFC 9112 section 9.3): "close" wins over all.
bool wants_keep_alive(const RequestHead& request);
bool wants_keep_alive(const ResponseHead& response);

// "Expect: 100-continue" in HTTP/1.1 (RFC 9110 section 10.1.1). Any other expectation cannot be met: 417.
enum class Expectation : std::uint8_t { None, Continue, Unknown };
Expectation expectation(const RequestHead& request);

// Whether a field's comma-separated list, over all its lines, holds `token` (any case).
bool list_contains(const Fields& fields, HeaderId id, std::string_view token);

}  // namespace cardea::http
