// SPDX-License-Identifier: Apache-2.0
#include "proxy/filter/header_modifier.h"

#include "http/header_id.h"
#include "http/syntax.h"
#include "http/uri.h"

namespace cardea::proxy {

namespace {

using http::HeaderId;

constexpr http::HeaderMask kNotOurs =
    http::header_bit(HeaderId::Host) | http::header_bit(HeaderId::ContentLength) |
    http::header_bit(HeaderId::TransferEncoding) | http::header_bit(HeaderId::Connection) |
    http::header_bit(HeaderId::Upgrade) | http::header_bit(HeaderId::Te) | http::header_bit(HeaderId::Trailer) |
    http::header_bit(HeaderId::KeepAlive) | http::header_bit(HeaderId::ProxyConnection) |
    http::header_bit(HeaderId::Http2Settings) | http::header_bit(HeaderId::Expect);

bool is_ours(HeaderId id) { return (kNotOurs & http::header_bit(id)) == 0; }

void modify(const plan::HeaderModifier& filter, http::Fields& fields) {
  for (const auto& header : filter.set) {
    if (is_ours(http::header_id(header.name))) fields.set(header.name, header.value);
  }
  for (const auto& header : filter.add) {
    if (is_ours(http::header_id(header.name))) fields.append(header.name, header.value);
  }
  for (const auto& name : filter.remove) {
    if (is_ours(http::header_id(name))) fields.remove(name);
  }
}

base::Result<> check_header(const plan::Header& header) {
  if (!http::is_token(header.name)) return base::fail("\"" + header.name + "\" is not a field name");
  if (!http::is_field_value(header.value))
    return base::fail("the value of the field " + header.name + " cannot be sent");
  const bool is_host = http::header_id(header.name) == HeaderId::Host;
  if (is_host && !http::parse_authority(header.value)) return base::fail("\"" + header.value + "\" is not a host");
  return {};
}

}  // namespace

void apply_request_header_modifier(const plan::HeaderModifier& filter, http::RequestHead& head) {
  modify(filter, head.fields);
  for (const auto& header : filter.set) {
    if (http::header_id(header.name) == HeaderId::Host) head.authority = header.value;
  }
}

void apply_response_header_modifier(const plan::HeaderModifier& filter, http::ResponseHead& head) {
  modify(filter, head.fields);
}

base::Result<> check_header_modifier(const plan::HeaderModifier& filter) {
  for (const auto* list : {&filter.set, &filter.add}) {
    for (const auto& header : *list) {
      if (auto checked = check_header(header); !checked) return checked;
    }
  }
  for (const auto& name : filter.remove) {
    if (!http::is_token(name)) return base::fail("\"" + name + "\" is not a field name");
  }
  return {};
}

}  // namespace cardea::proxy
