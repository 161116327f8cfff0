// SPDX-License-Identifier: Apache-2.0
#include "proxy/filter/external_auth.h"

#include <algorithm>

#include "base/strings.h"
#include "http/header_id.h"
#include "http/syntax.h"

namespace cardea::proxy {
namespace {

using http::HeaderId;

constexpr http::HeaderMask bits(std::initializer_list<HeaderId> ids) {
  http::HeaderMask mask = 0;
  for (const HeaderId id : ids) mask |= http::header_bit(id);
  return mask;
}

// What frames a message, routes it, or is about one hop of it.
constexpr http::HeaderMask kOfTheMessage =
    bits({HeaderId::Host, HeaderId::ContentLength, HeaderId::TransferEncoding, HeaderId::Connection, HeaderId::Upgrade, HeaderId::Expect,
          HeaderId::Te, HeaderId::Trailer, HeaderId::KeepAlive, HeaderId::ProxyConnection, HeaderId::Http2Settings});
// What an answer says of its own content, not of the request.
constexpr http::HeaderMask kOfTheAnswer = bits({HeaderId::ContentType, HeaderId::ContentEncoding, HeaderId::ContentRange, HeaderId::Date,
                                                HeaderId::Server, HeaderId::Via, HeaderId::Vary, HeaderId::Etag, HeaderId::LastModified});

bool in(http::HeaderMask mask, HeaderId id) { return (mask & http::header_bit(id)) != 0; }

bool names(const std::vector<std::string>& list, std::string_view name) {
  return std::ranges::any_of(list, [&](const std::string& one) { return base::iequals(one, name); });
}

// All values of that field as one. Cookies are a list of another kind (RFC 6265 section 4.2.1).
std::string_view joined(const http::Fields& fields, const http::Field& first, http::TextArena& arena) {
  if (first.id != HeaderId::Cookie) return fields.joined(first.name, arena);
  std::string_view all;
  for (const http::Field& field : fields) {
    if (field.id == HeaderId::Cookie) all = all.empty() ? field.value : arena.concat({all, "; ", field.value});
  }
  return all;
}

// Others are left as they are, whatever the service says of them.
bool is_changeable(const AuthHeader& header) { return http::is_token(header.name) && !in(kOfTheMessage, http::header_id(header.name)); }

}  // namespace

void make_auth_request(const plan::ExternalAuth& filter, const http::RequestHead& request, std::uint64_t body_bytes,
                       http::TextArena& arena, http::RequestHead& auth) {
  auth.method = request.method;
  auth.method_text = request.method_text;
  auth.authority = request.authority;
  auth.host = request.host;
  auth.port = request.port;
  auth.form = request.form;
  auth.path = request.path;
  auth.query = request.query;
  auth.has_query = request.has_query;
  if (!filter.path.empty()) {
    auth.form = http::TargetForm::Origin;
    auth.path = request.form == http::TargetForm::Asterisk ? std::string_view(filter.path) : arena.concat({filter.path, request.path});
  }
  auth.body.has_length = true;
  auth.body.length = body_bytes;
  for (const http::Field& field : request.fields) {
    if (in(kOfTheMessage, field.id)) continue;
    if (field.id == HeaderId::Authorization || names(filter.request_headers, field.name)) auth.fields.append(field.name, field.value);
  }
}

void take_over(const plan::ExternalAuth& filter, const http::ResponseHead& answer, http::TextArena& arena, http::RequestHead& request) {
  const bool all = filter.response_headers.empty();
  const auto wanted = [&](const http::Field& field) {
    if (in(kOfTheMessage, field.id)) return false;
    return all ? !in(kOfTheAnswer, field.id) : names(filter.response_headers, field.name);
  };
  for (const std::string& name : filter.response_headers) {
    if (!in(kOfTheMessage, http::header_id(name))) request.fields.remove(name);
  }
  if (all) {
    for (const http::Field& field : answer.fields) {
      if (wanted(field)) request.fields.remove(field.name);
    }
  }
  for (const http::Field& field : answer.fields) {
    if (wanted(field)) request.fields.append(arena.copy(field.name), arena.copy(field.value));
  }
}

std::vector<std::pair<std::string_view, std::string_view>> headers_to_show(const plan::ExternalAuth& filter,
                                                                           const http::RequestHead& request, http::TextArena& arena) {
  std::vector<std::pair<std::string_view, std::string_view>> shown;
  for (const http::Field& field : request.fields) {
    if (!filter.request_headers.empty() && !names(filter.request_headers, field.name)) continue;
    const std::string_view name = arena.lower_case(field.name);
    const bool known = std::ranges::any_of(shown, [&](const auto& one) { return one.first == name; });
    if (!known) shown.emplace_back(name, joined(request.fields, field, arena));
  }
  return shown;
}

void apply_auth_headers(const std::vector<AuthHeader>& headers, http::TextArena& arena, http::Fields& fields) {
  using Action = AuthHeader::Action;
  for (const AuthHeader& header : headers) {
    if (!is_changeable(header)) continue;
    const bool present = fields.find(header.name) != nullptr;
    if (header.action == Action::SetIfPresent && !present) continue;
    if (header.action == Action::AddIfAbsent && present) continue;
    if (!http::is_field_value(header.value)) {
      fields.remove(header.name);
      continue;
    }
    const std::string_view name = arena.copy(header.name);
    const std::string_view value = arena.copy(header.value);
    if (header.action == Action::Append) fields.append(name, value);
    else fields.set(name, value);
  }
}

void remove_auth_headers(const std::vector<std::string>& names, http::Fields& fields) {
  for (const std::string& name : names) {
    if (!in(kOfTheMessage, http::header_id(name))) fields.remove(name);
  }
}

}  // namespace cardea::proxy
