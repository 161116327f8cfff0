// SPDX-License-Identifier: Apache-2.0
#include "http/request_target.h"

#include <algorithm>

#include "http/scan.h"
#include "http/syntax.h"
#include "http/uri.h"

namespace cardea::http {
namespace {

std::string_view between(const char* begin, const char* end) { return {begin, static_cast<std::size_t>(end - begin)}; }

std::string_view scheme_of(std::string_view target) {
  if (target.size() >= 7 && equal_ignoring_case(target.substr(0, 7), "http://")) return "http";
  if (target.size() >= 8 && equal_ignoring_case(target.substr(0, 8), "https://")) return "https";
  return {};
}

bool query_escapes_are_valid(std::string_view query) {
  for (std::size_t at = query.find('%'); at != std::string_view::npos; at = query.find('%', at + 3)) {
    if (query.size() - at < 3 || hex_value(query[at + 1]) < 0 || hex_value(query[at + 2]) < 0) return false;
  }
  return true;
}

Fault set_path(std::string_view path, const Limits& limits, TextArena& arena, RequestHead& head) {
  if (!is_suspect_path(path.data(), path.data() + path.size())) {
    head.path = path;
    return Fault::None;
  }
  const NormalPath normal = normalize_path(path, limits.encoded_separators, arena);
  head.path = normal.path;
  return normal.fault;
}

Fault set_query(const char* question, const char* end, RequestHead& head) {
  head.has_query = question != end;
  if (!head.has_query) return Fault::None;
  head.query = between(question + 1, end);
  return query_escapes_are_valid(head.query) ? Fault::None : Fault::BadPercentEncoding;
}

// An absolute target without path means "/", but OPTIONS then asks about the whole server (RFC 9112 section 3.2.4).
Fault set_absolute(const char* question, const Limits& limits, TextArena& arena, RequestHead& head) {
  const char* const end = head.target.data() + head.target.size();
  head.form = TargetForm::Absolute;
  head.scheme = scheme_of(head.target);
  if (head.scheme.empty()) return Fault::BadTargetForm;
  const char* const authority = head.target.data() + head.scheme.size() + 3;
  const char* const path = std::find(authority, question, '/');
  head.authority = between(authority, path);
  if (head.authority.empty()) return Fault::BadHost;
  if (const Fault fault = set_query(question, end, head); fault != Fault::None) return fault;
  if (path != question) return set_path(between(path, question), limits, arena, head);
  head.path = head.method == Method::Options && !head.has_query ? "*" : "/";
  return Fault::None;
}

Fault set_target(const char* question, const Limits& limits, TextArena& arena, RequestHead& head) {
  const std::string_view target = head.target;
  if (head.method == Method::Connect) {
    head.form = TargetForm::Authority;
    head.authority = target;
    const auto authority = parse_authority(target);
    return authority && authority->port != 0 ? Fault::None : Fault::BadTargetForm;
  }
  if (target[0] == '/') {
    head.form = TargetForm::Origin;
    const Fault fault = set_query(question, target.data() + target.size(), head);
    return fault != Fault::None ? fault : set_path(between(target.data(), question), limits, arena, head);
  }
  if (target == "*") {
    head.form = TargetForm::Asterisk;
    head.path = target;
    return head.method == Method::Options ? Fault::None : Fault::BadTargetForm;
  }
  return set_absolute(question, limits, arena, head);
}

// What stopped the target, when it is not the space behind it.
Fault stopped_by(char c) {
  switch (c) {
    case '\n':
      return Fault::BareLf;
    case '\r':
      return Fault::BadRequestLine;
    default:
      return Fault::BadTarget;
  }
}

std::uint16_t port_or_default(std::uint16_t port, std::string_view scheme) {
  if (port != 0) return port;
  return scheme == "https" ? 443 : 80;
}

bool agree(const Authority& host, const Authority& target, const RequestHead& head) {
  if (!equal_ignoring_case(host.host, target.host)) return false;
  if (head.form == TargetForm::Authority) return host.port == 0 || host.port == target.port;
  return port_or_default(host.port, head.scheme) == port_or_default(target.port, head.scheme);
}

}  // namespace

Read read_request_target(HeadReader& reader, const Limits& limits, TextArena& arena, RequestHead& head) {
  const char* const begin = reader.at();
  const char* const limit = begin + std::min(reader.left(), limits.max_target_bytes + 1);
  const char* const at = scan_target(begin, limit);
  head.target = between(begin, at);
  if (static_cast<std::size_t>(at - begin) > limits.max_target_bytes) return reader.bad(Fault::TargetTooLong);
  if (at == reader.end()) return Read::More;
  if (at == begin) return reader.bad(Fault::BadRequestLine);
  if (*at != ' ') return reader.bad(stopped_by(*at));
  const char* const question = std::find(begin, at, '?');
  if (const Fault fault = set_target(question, limits, arena, head); fault != Fault::None) return reader.bad(fault);
  reader.advance_to(at + 1);
  return Read::Ok;
}

Fault read_path(std::string_view text, const Limits& limits, TextArena& arena, RequestHead& head) {
  head.target = text;
  if (text.size() > limits.max_target_bytes) return Fault::TargetTooLong;
  const char* const end = text.data() + text.size();
  if (scan_target(text.data(), end) != end) return Fault::BadTarget;
  if (text != "*" && !text.starts_with('/')) return Fault::BadTargetForm;
  return set_target(std::find(text.data(), end, '?'), limits, arena, head);
}

Fault read_authority(TextArena& arena, RequestHead& head) {
  std::optional<Authority> host;
  std::optional<Authority> target;
  if (!head.authority.empty()) {
    target = parse_authority(head.authority);
    if (!target) return Fault::BadHost;
  }
  if (const Field* field = head.fields.find(HeaderId::Host)) {
    for (const Field* next = field + 1; next != head.fields.end(); ++next) {
      if (next->id == HeaderId::Host) return Fault::RepeatedHost;
    }
    host = parse_authority(field->value);
    if (!host) return Fault::BadHost;
    if (target && !agree(*host, *target, head)) return Fault::HostMismatch;
    if (!target) head.authority = field->value;
  } else if (head.version == Version::Http11 || (head.version == Version::Http2 && !target)) {
    return Fault::MissingHost;
  }
  if (!target) target = host;
  if (!target) return Fault::None;
  head.host = target->is_normal ? target->host : normal_host(target->host, arena);
  head.port = target->port;
  return Fault::None;
}

}  // namespace cardea::http
