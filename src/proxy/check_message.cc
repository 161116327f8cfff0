// SPDX-License-Identifier: Apache-2.0
#include "proxy/check_message.h"

#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>

#include "base/strings.h"

namespace cardea::proxy {
namespace {

using protozero::pbf_reader;
using protozero::pbf_writer;

// A field counts with its type alone: under another it is one that we do not know.
constexpr std::uint32_t text_or_message(std::uint32_t field) {
  return protozero::tag_and_type(field, protozero::pbf_wire_type::length_delimited);
}
constexpr std::uint32_t number(std::uint32_t field) { return protozero::tag_and_type(field, protozero::pbf_wire_type::varint); }

// Field numbers, named after the messages of envoy/service/auth/v3, envoy/config/core/v3 and google/rpc.
namespace check_request {
constexpr std::uint32_t kAttributes = 1;
}
namespace attributes {
constexpr std::uint32_t kSource = 1, kDestination = 2, kRequest = 4;
}
namespace peer {
constexpr std::uint32_t kAddress = 1;
}
namespace address {
constexpr std::uint32_t kSocketAddress = 1;
}
namespace socket_address {
constexpr std::uint32_t kAddress = 2, kPort = 3;
}
namespace request {
constexpr std::uint32_t kTime = 1, kHttp = 2;
}
namespace timestamp {
constexpr std::uint32_t kSeconds = 1;
}
namespace http_request {
constexpr std::uint32_t kId = 1, kMethod = 2, kHeaders = 3, kPath = 4, kHost = 5, kScheme = 6, kSize = 9, kProtocol = 10, kBody = 11,
                        kRawBody = 12;
}
namespace map_entry {
constexpr std::uint32_t kKey = 1, kValue = 2;
}
namespace check_response {
constexpr std::uint32_t kStatus = 1, kDenied = 2, kOk = 3;
}
namespace rpc_status {
constexpr std::uint32_t kCode = 1;
}
namespace denied_response {
constexpr std::uint32_t kStatus = 1, kHeaders = 2, kBody = 3;
}
namespace http_status {
constexpr std::uint32_t kCode = 1;
}
namespace ok_response {
constexpr std::uint32_t kHeaders = 2, kHeadersToRemove = 5, kResponseHeadersToAdd = 6;
}
namespace header_value_option {
constexpr std::uint32_t kHeader = 1, kAppend = 2, kAppendAction = 3;
}
namespace header_value {
constexpr std::uint32_t kKey = 1, kValue = 2, kRawValue = 3;
}
namespace bool_value {
constexpr std::uint32_t kValue = 1;
}

// A `string` must be UTF-8; field values need not be. The protocol says what stands for a byte that is not.
std::string utf8(std::string_view text) {
  std::string result;
  for (;;) {
    const std::size_t good = base::utf8_prefix(text);
    result.append(text.substr(0, good));
    if (good == text.size()) return result;
    result += '!';
    text.remove_prefix(good + 1);
  }
}

void write_peer(pbf_writer& into, std::uint32_t field, const CheckPeer& from) {
  pbf_writer written(into, field);
  pbf_writer outer(written, peer::kAddress);
  pbf_writer inner(outer, address::kSocketAddress);
  inner.add_string(socket_address::kAddress, std::string(from.address));
  if (from.port != 0) inner.add_uint32(socket_address::kPort, from.port);
}

void write_http(pbf_writer& into, const CheckRequest& from) {
  pbf_writer http(into, request::kHttp);
  http.add_string(http_request::kId, utf8(from.id));
  http.add_string(http_request::kMethod, utf8(from.method));
  for (const auto& [name, value] : from.headers) {
    pbf_writer entry(http, http_request::kHeaders);
    entry.add_string(map_entry::kKey, utf8(name));
    entry.add_string(map_entry::kValue, utf8(value));
  }
  http.add_string(http_request::kPath, utf8(from.path));
  http.add_string(http_request::kHost, utf8(from.host));
  http.add_string(http_request::kScheme, std::string(from.scheme));
  http.add_int64(http_request::kSize, from.size);
  http.add_string(http_request::kProtocol, std::string(from.protocol));
  if (!from.body.empty()) http.add_bytes(base::is_utf8(from.body) ? http_request::kBody : http_request::kRawBody, std::string(from.body));
}

bool read_bool(pbf_reader message) {
  bool value = false;
  while (message.next(bool_value::kValue, protozero::pbf_wire_type::varint)) value = message.get_bool();
  return value;
}

void read_header_value(pbf_reader message, AuthHeader& header) {
  while (message.next()) {
    switch (message.tag_and_type()) {
      case text_or_message(header_value::kKey): header.name = message.get_string(); break;
      case text_or_message(header_value::kValue):
      case text_or_message(header_value::kRawValue):
        if (std::string value = message.get_string(); !value.empty()) header.value = base::trim(value);
        break;
      default: message.skip();
    }
  }
}

// `append` came first and counts where it is given; without either, the value replaces what is there.
AuthHeader read_header(pbf_reader message) {
  using Action = AuthHeader::Action;
  constexpr Action kActions[] = {Action::Set, Action::AddIfAbsent, Action::Set, Action::SetIfPresent};
  AuthHeader header;
  std::optional<bool> append;
  while (message.next()) {
    switch (message.tag_and_type()) {
      case text_or_message(header_value_option::kHeader): read_header_value(message.get_message(), header); break;
      case text_or_message(header_value_option::kAppend): append = read_bool(message.get_message()); break;
      case number(header_value_option::kAppendAction):
        if (const auto action = static_cast<std::uint32_t>(message.get_enum()); action < std::size(kActions)) header.action = kActions[action];
        break;
      default: message.skip();
    }
  }
  if (append) header.action = *append ? Action::Append : Action::Set;
  return header;
}

// Where the decision stands, a value of another type is no unknown field but another message: none that says yes.
void require(const pbf_reader& message, protozero::pbf_wire_type type) {
  if (message.wire_type() != type) throw protozero::unknown_pbf_wire_type_exception();
}

void read_status(pbf_reader message, std::int32_t& code) {
  while (message.next()) {
    if (message.tag() != rpc_status::kCode) {
      message.skip();
      continue;
    }
    require(message, protozero::pbf_wire_type::varint);
    code = message.get_int32();
  }
}

std::uint16_t read_http_status(pbf_reader message) {
  std::int32_t code = 0;
  while (message.next(http_status::kCode, protozero::pbf_wire_type::varint)) code = message.get_enum();
  return code >= 200 && code <= 599 ? static_cast<std::uint16_t>(code) : std::uint16_t{403};
}

void read_denied(pbf_reader message, CheckVerdict& verdict) {
  while (message.next()) {
    switch (message.tag_and_type()) {
      case text_or_message(denied_response::kStatus): verdict.status = read_http_status(message.get_message()); break;
      case text_or_message(denied_response::kHeaders): verdict.headers.push_back(read_header(message.get_message())); break;
      case text_or_message(denied_response::kBody): verdict.body = message.get_string(); break;
      default: message.skip();
    }
  }
}

void read_ok(pbf_reader message, CheckVerdict& verdict) {
  while (message.next()) {
    switch (message.tag_and_type()) {
      case text_or_message(ok_response::kHeaders): verdict.headers.push_back(read_header(message.get_message())); break;
      case text_or_message(ok_response::kHeadersToRemove): verdict.remove.push_back(message.get_string()); break;
      case text_or_message(ok_response::kResponseHeadersToAdd): verdict.response_headers.push_back(read_header(message.get_message())); break;
      default: message.skip();
    }
  }
}

// A status that is missing is one whose code is OK: protocol buffers leave out what has its default. One that comes in pieces
// is one message.
CheckVerdict read(pbf_reader message) {
  std::int32_t code = 0;
  CheckVerdict denied, ok;
  while (message.next()) {
    if (message.tag() == check_response::kStatus) require(message, protozero::pbf_wire_type::length_delimited);
    switch (message.tag_and_type()) {
      case text_or_message(check_response::kStatus): read_status(message.get_message(), code); break;
      case text_or_message(check_response::kDenied): read_denied(message.get_message(), denied); break;
      case text_or_message(check_response::kOk): read_ok(message.get_message(), ok); break;
      default: message.skip();
    }
  }
  ok.allowed = true;
  return code == 0 ? ok : denied;
}

}  // namespace

std::string write_check(const CheckRequest& from) {
  std::string bytes;
  pbf_writer message(bytes);
  pbf_writer written(message, check_request::kAttributes);
  write_peer(written, attributes::kSource, from.source);
  write_peer(written, attributes::kDestination, from.destination);
  pbf_writer inner(written, attributes::kRequest);
  {
    pbf_writer time(inner, request::kTime);
    time.add_int64(timestamp::kSeconds, from.seconds);
  }
  write_http(inner, from);
  inner.commit();
  written.commit();
  return bytes;
}

std::optional<CheckVerdict> read_check(std::string_view bytes) try {
  return read(pbf_reader(bytes.data(), bytes.size()));
} catch (const protozero::exception&) {
  return std::nullopt;
}

}  // namespace cardea::proxy
