// SPDX-License-Identifier: Apache-2.0
#include "app/echo_reply.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "app/flag_list.h"
#include "base/clock.h"
#include "base/strings.h"
#include "http/syntax.h"

namespace cardea::app {
namespace {

// As a JSON string. What clients send need not be UTF-8: bytes beyond ASCII are then shown as Latin-1.
void append_string(std::string& out, std::string_view text) {
  const bool utf8 = base::is_utf8(text);
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7f || (byte >= 0x80 && !utf8)) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", byte);
    } else {
      out += c;
    }
  }
  out += '"';
}

void append_lower(std::string& out, std::string_view token) {
  for (const char c : token) out += base::ascii_lower(c);
}

// Every field name once, in lower case, with all its values in their order.
void append_fields(std::string& out, const http::Fields& fields) {
  const http::Field* const first = fields.begin();
  bool comma = false;
  for (const http::Field* field = first; field != fields.end(); ++field) {
    const auto same_name = [field](const http::Field& other) { return http::equal_ignoring_case(other.name, field->name); };
    if (std::any_of(first, field, same_name)) continue;
    out += comma ? ",\"" : "\"";
    comma = true;
    append_lower(out, field->name);  // a token: nothing to escape
    out += "\":[";
    append_string(out, field->value);
    for (const http::Field* other = field + 1; other != fields.end(); ++other) {
      if (!same_name(*other)) continue;
      out += ',';
      append_string(out, other->value);
    }
    out += ']';
  }
}

std::string_view proto_of(http::Version version) {
  switch (version) {
    case http::Version::Http10: return "HTTP/1.0";
    case http::Version::Http11: return "HTTP/1.1";
    case http::Version::Http2: return "HTTP/2.0";
  }
  return "";
}

std::uint16_t status_in(std::string_view path) {
  constexpr std::string_view kMark = "/status/";
  const std::size_t at = path.rfind(kMark);
  if (at == std::string_view::npos) return 200;
  const auto status = base::parse_uint<std::uint16_t>(path.substr(at + kMark.size()), 599);
  return status && *status >= 200 ? *status : 200;
}

}  // namespace

EchoWish wish_of(const http::RequestHead& request) {
  EchoWish wish;
  wish.status = status_in(request.path);
  if (request.has_query) {
    for (const std::string_view param : base::split(request.query, '&')) {
      if (param.starts_with("delay=")) wish.delay = base::parse_duration(param.substr(6)).value_or(wish.delay);
      if (param.starts_with("bytes=")) wish.bytes = parse_size(param.substr(6));
    }
  }
  for (const http::Field& field : request.fields) {
    if (!http::equal_ignoring_case(field.name, "X-Echo-Set-Header")) continue;
    const std::size_t colon = field.value.find(':');
    if (colon == std::string_view::npos || !http::is_token(field.value.substr(0, colon))) continue;
    wish.fields.emplace_back(field.value.substr(0, colon), base::trim(field.value.substr(colon + 1)));
  }
  return wish;
}

void write_echo(std::string& out, const EchoFacts& facts, const http::RequestHead& request) {
  out = "{\"name\":";
  append_string(out, facts.name);
  out += ",\"method\":";
  append_string(out, request.method_text);
  out += ",\"path\":";
  append_string(out, request.target);
  out += ",\"host\":";
  append_string(out, request.authority);
  out += ",\"proto\":";
  append_string(out, proto_of(request.version));
  out += ",\"headers\":{";
  append_fields(out, request.fields);
  fmt::format_to(std::back_inserter(out), "}},\"body_bytes\":{},\"client\":", facts.body_bytes);
  append_string(out, facts.client);
  if (facts.tls) {
    out += ",\"tls\":{\"version\":";
    append_string(out, facts.tls->version);
    out += ",\"serverName\":";
    append_string(out, facts.tls->server_name);
    out += ",\"alpn\":";
    append_string(out, facts.tls->alpn);
    out += '}';
  }
  out += "}\n";
}

}  // namespace cardea::app
