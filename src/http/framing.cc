// SPDX-License-Identifier: Apache-2.0
#include "http/framing.h"

#include "http/grpc.h"
#include "http/list.h"

namespace cardea::http {
namespace {

Framing declared(const DeclaredBody& body, Framing otherwise) {
  if (body.chunked) return Framing::chunked();
  return body.has_length ? Framing::of_length(body.length) : otherwise;
}

bool persists(const Fields& fields, Version version) {
  if (!fields.has(HeaderId::Connection)) return version != Version::Http10;
  if (list_contains(fields, HeaderId::Connection, "close")) return false;
  return version != Version::Http10 || list_contains(fields, HeaderId::Connection, "keep-alive");
}

bool is_success(std::uint16_t status) { return status >= 200 && status < 300; }

}  // namespace

Framing body_framing(const RequestHead& request) { return declared(request.body, Framing::none()); }

Framing body_framing(const ResponseHead& response, Method request_method) {
  if (response.status == 101) return Framing::tunnel();
  if (request_method == Method::Connect && is_success(response.status)) return Framing::tunnel();
  const bool bodiless = response.status < 200 || response.status == 204 || response.status == 304;
  if (bodiless || request_method == Method::Head) return Framing::none();
  return declared(response.body, Framing::until_close());
}

Framing announced_framing(const RequestHead& request) {
  const bool expects_content =
      request.method == Method::Post || request.method == Method::Put || request.method == Method::Patch;
  return declared(request.body, expects_content ? Framing::of_length(0) : Framing::none());
}

Framing announced_framing(const ResponseHead& response, Method request_method) {
  const Framing framing = body_framing(response, request_method);
  if (framing.kind != Framing::Kind::None || response.status < 200 || response.status == 204) return framing;
  return response.body.has_length ? Framing::of_length(response.body.length) : Framing::none();
}

bool needs_chunks(const RequestHead& request) {
  if (request.version != Version::Http2 || !request.body.has_length) return false;
  return request.fields.has(HeaderId::Trailer) || is_grpc(request);
}

bool needs_chunks(const ResponseHead& response, const RequestHead& request) {
  if (response.version != Version::Http2 || body_framing(response, request.method).kind != Framing::Kind::Length) return false;
  return list_contains(request.fields, HeaderId::Te, "trailers") || is_grpc_content_type(response.fields.get(HeaderId::ContentType));
}

bool wants_keep_alive(const RequestHead& request) { return persists(request.fields, request.version); }
bool wants_keep_alive(const ResponseHead& response) { return persists(response.fields, response.version); }

Expectation expectation(const RequestHead& request) {
  if (!request.fields.has(HeaderId::Expect) || request.version == Version::Http10) return Expectation::None;
  for (const Field& field : request.fields) {
    if (field.id != HeaderId::Expect) continue;
    if (!equal_ignoring_case(field.value, "100-continue")) return Expectation::Unknown;
  }
  return Expectation::Continue;
}

bool list_contains(const Fields& fields, HeaderId id, std::string_view token) {
  if (!fields.has(id)) return false;
  for (const Field& field : fields) {
    if (field.id != id) continue;
    ListItems items(field.value);
    while (const auto item = items.next()) {
      if (equal_ignoring_case(*item, token)) return true;
    }
  }
  return false;
}

}  // namespace cardea::http
