// SPDX-License-Identifier: Apache-2.0
#include "http/head.h"

#include <array>
#include <utility>

namespace cardea::http {
namespace {

constexpr std::array<std::pair<std::string_view, Method>, 9> kMethods = {{
    {"GET", Method::Get},
    {"HEAD", Method::Head},
    {"POST", Method::Post},
    {"PUT", Method::Put},
    {"DELETE", Method::Delete},
    {"CONNECT", Method::Connect},
    {"OPTIONS", Method::Options},
    {"TRACE", Method::Trace},
    {"PATCH", Method::Patch},
}};

// Calls `visit` with every text of the head but those of its fields.
template <class Visit>
void for_each_text(RequestHead& head, Visit visit) {
  for (std::string_view* text :
       {&head.method_text, &head.target, &head.scheme, &head.authority, &head.host, &head.path, &head.query}) {
    visit(*text);
  }
}

void move_text(std::string_view& text, const char* from, std::size_t size, const char* to) {
  const auto offset = reinterpret_cast<std::uintptr_t>(text.data()) - reinterpret_cast<std::uintptr_t>(from);
  if (offset <= size) text = {to + offset, text.size()};
}

void copy_fields(const Fields& from, TextArena& arena, Fields& to) {
  to.clear();
  for (const Field& field : from) to.append({arena.copy(field.name), arena.copy(field.value), field.id});
}

}  // namespace

Method method_from(std::string_view text) {
  for (const auto& [name, method] : kMethods) {
    if (name == text) return method;
  }
  return Method::Other;
}

bool is_safe(Method method) {
  return method == Method::Get || method == Method::Head || method == Method::Options || method == Method::Trace;
}

bool is_idempotent(Method method) { return is_safe(method) || method == Method::Put || method == Method::Delete; }

void RequestHead::clear() {
  method = Method::Other;
  version = Version::Http11;
  form = TargetForm::Origin;
  has_query = false;
  port = 0;
  body = {};
  for_each_text(*this, [](std::string_view& text) { text = {}; });
  fields.clear();
}

void ResponseHead::clear() {
  status = 0;
  version = Version::Http11;
  body = {};
  reason = {};
  fields.clear();
}

void relocate(RequestHead& head, const char* from, std::size_t size, const char* to) {
  for_each_text(head, [&](std::string_view& text) { move_text(text, from, size, to); });
  head.fields.relocate(from, size, to);
}

void relocate(ResponseHead& head, const char* from, std::size_t size, const char* to) {
  move_text(head.reason, from, size, to);
  head.fields.relocate(from, size, to);
}

void copy_head(const RequestHead& from, TextArena& arena, RequestHead& to) {
  to.method = from.method;
  to.version = from.version;
  to.form = from.form;
  to.has_query = from.has_query;
  to.port = from.port;
  to.body = from.body;
  to.method_text = from.method_text;
  to.target = from.target;
  to.scheme = from.scheme;
  to.authority = from.authority;
  to.host = from.host;
  to.path = from.path;
  to.query = from.query;
  for_each_text(to, [&](std::string_view& text) { text = arena.copy(text); });
  copy_fields(from.fields, arena, to.fields);
}

void copy_head(const ResponseHead& from, TextArena& arena, ResponseHead& to) {
  to.status = from.status;
  to.version = from.version;
  to.body = from.body;
  to.reason = arena.copy(from.reason);
  copy_fields(from.fields, arena, to.fields);
}

}  // namespace cardea::http
