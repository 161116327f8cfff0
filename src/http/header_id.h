// SPDX-License-Identifier: Apache-2.0
// The field names that code asks for, recognised once while a head is parsed. A name that is not here is Unknown and is
// found by text; adding one is a line here and a line in header_id.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cardea::http {

enum class HeaderId : std::uint8_t {
  Unknown,
  // Framing, routing and the connection (RFC 9110 sections 7 and 8, RFC 9112)
  Host,
  ContentLength,
  TransferEncoding,
  Connection,
  Upgrade,
  Expect,
  Te,
  Trailer,
  KeepAlive,
  ProxyConnection,
  Http2Settings,
  // What the data plane reads, sets or logs
  Accept,
  AcceptEncoding,
  AcceptLanguage,
  Authorization,
  CacheControl,
  ContentEncoding,
  ContentType,
  ContentRange,
  Cookie,
  Date,
  Etag,
  Forwarded,
  GrpcMessage,
  GrpcStatus,
  GrpcTimeout,
  LastModified,
  Location,
  MaxForwards,
  Origin,
  ProxyAuthenticate,
  ProxyAuthorization,
  Range,
  Referer,
  RetryAfter,
  SecWebSocketAccept,
  SecWebSocketExtensions,
  SecWebSocketKey,
  SecWebSocketProtocol,
  SecWebSocketVersion,
  Server,
  SetCookie,
  Traceparent,
  Tracestate,
  UserAgent,
  Vary,
  Via,
  WwwAuthenticate,
  XForwardedFor,
  XForwardedHost,
  XForwardedPort,
  XForwardedProto,
  XRealIp,
  XRequestId,
  kCount,
};
static_assert(static_cast<int>(HeaderId::kCount) <= 64, "Fields keeps one bit for each");

// One bit for each id; none for Unknown.
using HeaderMask = std::uint64_t;
constexpr HeaderMask header_bit(HeaderId id) { return (HeaderMask{1} << static_cast<unsigned>(id)) & ~HeaderMask{1}; }

// Any case. Unknown when it is none of them. `readable`: how many bytes may be read at the name's place, if more than
// the name itself; 32 make it faster.
HeaderId header_id(std::string_view name, std::size_t readable = 0);
// In the usual spelling ("Content-Length"); empty for Unknown.
std::string_view header_name(HeaderId id);
// In lower case, as HTTP/2 has it.
std::string_view lower_header_name(HeaderId id);

}  // namespace cardea::http
