// SPDX-License-Identifier: Apache-2.0
#include "http/h2_writer.h"

#include <algorithm>
#include <charconv>

#include "http/framing.h"
#include "http/syntax.h"

namespace cardea::http {
namespace {

constexpr HeaderMask kNeverCopied =
    header_bit(HeaderId::Host) | header_bit(HeaderId::ContentLength) | header_bit(HeaderId::TransferEncoding) |
    header_bit(HeaderId::Connection) | header_bit(HeaderId::KeepAlive) | header_bit(HeaderId::ProxyConnection) |
    header_bit(HeaderId::Http2Settings) | header_bit(HeaderId::Upgrade);
// What only the handshake in HTTP/1.1 needs.
constexpr HeaderMask kOfHandshake = header_bit(HeaderId::SecWebSocketAccept) | header_bit(HeaderId::SecWebSocketKey);

// What says something of one request alone.
constexpr HeaderMask kNeverIndexed = header_bit(HeaderId::XRequestId) | header_bit(HeaderId::Traceparent) | header_bit(HeaderId::Tracestate);

bool has_upper(std::string_view name) {
  return std::ranges::any_of(name, [](char c) { return c >= 'A' && c <= 'Z'; });
}

std::string_view lower_name(const Field& field, TextArena& texts) {
  if (field.id != HeaderId::Unknown) return lower_header_name(field.id);
  return has_upper(field.name) ? texts.lower_case(field.name) : field.name;
}

std::string_view number(std::uint64_t value, TextArena& texts) {
  char* const begin = texts.allocate(20);
  char* const end = std::to_chars(begin, begin + 20, value).ptr;
  texts.shrink_last(end);
  return {begin, static_cast<std::size_t>(end - begin)};
}

void add_fields(const Fields& fields, HeaderMask skipped, TextArena& texts, H2FieldList& out) {
  for (const Field& field : fields) {
    const HeaderMask bit = header_bit(field.id);
    if ((bit & skipped) == 0) out.push_back({lower_name(field, texts), field.value, (bit & kNeverIndexed) != 0});
  }
}

void add_length(const Framing& framing, TextArena& texts, H2FieldList& out) {
  if (framing.kind == Framing::Kind::Length) out.push_back({"content-length", number(framing.length, texts)});
}

}  // namespace

void write_h2_request(const RequestHead& head, std::string_view scheme, TextArena& texts, H2FieldList& out) {
  out.clear();
  out.push_back({":method", head.method_text});
  out.push_back({":scheme", scheme});
  out.push_back({":authority", head.authority});
  out.push_back({":path", head.has_query ? texts.concat({head.path, "?", head.query}) : head.path});
  add_fields(head.fields, kNeverCopied, texts, out);
  add_length(announced_framing(head), texts, out);
}

void write_h2_response(const ResponseHead& head, Method request_method, TextArena& texts, H2FieldList& out) {
  out.clear();
  const bool accepts = head.status == 101;
  out.push_back({":status", accepts ? std::string_view("200") : number(head.status, texts)});
  add_fields(head.fields, kNeverCopied | (accepts ? kOfHandshake : 0), texts, out);
  add_length(announced_framing(head, request_method), texts, out);
}

void write_h2_trailers(const Fields& trailers, TextArena& texts, H2FieldList& out) {
  out.clear();
  add_fields(trailers, kNeverCopied, texts, out);
}

}  // namespace cardea::http
