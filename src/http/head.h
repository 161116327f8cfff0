// SPDX-License-Identifier: Apache-2.0
// RequestHead and ResponseHead: what a message says before its body, for every version of HTTP (RFC 9110 section 6).
//
// Made by a codec, which has already refused what is malformed; changed by filters; serialised by a codec. All texts
// are views (see Fields): the received bytes and the exchange's TextArena must outlive the head. Used by one thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "http/fields.h"

namespace cardea::http {

enum class Method : std::uint8_t { Other, Get, Head, Post, Put, Delete, Connect, Options, Trace, Patch };
Method method_from(std::string_view text);  // case-sensitive (RFC 9110 section 9.1)
bool is_safe(Method method);                // RFC 9110 section 9.2.1
bool is_idempotent(Method method);          // RFC 9110 section 9.2.2

enum class Version : std::uint8_t { Http10, Http11, Http2 };

// The form of the request target (RFC 9112 section 3.2). Other versions have Origin, Asterisk and Authority too.
enum class TargetForm : std::uint8_t { Origin, Absolute, Authority, Asterisk };

// What the head says of the body, checked and not contradictory. The framing on the wire follows from it by
// body_framing() (framing.h); Content-Length and Transfer-Encoding in `fields` are never looked at again.
struct DeclaredBody {
  bool chunked = false;     // a body of unknown length: chunked in HTTP/1.1, without Content-Length in HTTP/2
  bool has_length = false;  // never together with `chunked`
  std::uint64_t length = 0;
};

struct RequestHead {
  Method method = Method::Other;
  Version version = Version::Http11;
  TargetForm form = TargetForm::Origin;
  bool has_query = false;  // "/a?" has an empty query, "/a" has none
  std::uint16_t port = 0;  // of `authority`; 0: not named
  DeclaredBody body;
  std::string_view method_text;
  std::string_view target;  // as received, for logs; never forwarded
  std::string_view scheme;  // "http" or "https" as in an absolute target or :scheme, lower case; else empty. Only the
                            // connection knows how it came
  std::string_view authority;  // host[:port] as received (Host, or the target's, which agree); empty only in HTTP/1.0.
                               // What is forwarded as Host: a filter that changes the host changes this.
  std::string_view host;       // of `authority`, for matching: lower case, no port, no final dot, IPv6 in brackets
  std::string_view path;       // in normal form (uri.h); what is matched and what is forwarded. "*" for Asterisk, empty
                               // for Authority
  std::string_view query;      // as received, without '?'; forwarded untouched
  Fields fields;               // as received, Host included

  void clear();
};

struct ResponseHead {
  std::uint16_t status = 0;
  Version version = Version::Http11;
  DeclaredBody body;
  std::string_view reason;  // as received; empty: the writer takes the usual one (status.h)
  Fields fields;

  void clear();
};

// The received bytes [from, from + size) were copied to `to`: makes every view into them point there. For a head that
// must outlive a shared read buffer.
void relocate(RequestHead& head, const char* from, std::size_t size, const char* to);
void relocate(ResponseHead& head, const char* from, std::size_t size, const char* to);

// `from`'s whole content, with all texts in `arena`; for a copy that outlives the exchange.
void copy_head(const RequestHead& from, TextArena& arena, RequestHead& to);
void copy_head(const ResponseHead& from, TextArena& arena, ResponseHead& to);

}  // namespace cardea::http
