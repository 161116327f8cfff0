// SPDX-License-Identifier: Apache-2.0
#include "http/h2_reader.h"

#include <algorithm>

#include "http/h1_reader.h"
#include "http/request_target.h"
#include "http/scan.h"
#include "http/syntax.h"

namespace cardea::http {
namespace {

constexpr std::size_t kFieldOverhead = 32;  // RFC 9113 section 6.5.2
constexpr std::size_t kMaxMethod = 64;

constexpr HeaderMask kOfConnection = header_bit(HeaderId::Connection) | header_bit(HeaderId::KeepAlive) |
                                     header_bit(HeaderId::ProxyConnection) | header_bit(HeaderId::TransferEncoding) |
                                     header_bit(HeaderId::Upgrade) | header_bit(HeaderId::Http2Settings);
constexpr HeaderMask kNoTrailer = header_bit(HeaderId::Host) | header_bit(HeaderId::ContentLength);

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_blank(char c) { return c == ' ' || c == '\t'; }

// A name that we know can only be wrong in its case.
Fault name_fault(std::string_view name, HeaderId id) {
  if (id != HeaderId::Unknown) return name == lower_header_name(id) ? Fault::None : Fault::UppercaseFieldName;
  if (name.empty()) return Fault::BadFieldName;
  for (const char c : name) {
    if (is_upper(c)) return Fault::UppercaseFieldName;
    if (!is_class(c, kTokenChar)) return Fault::BadFieldName;
  }
  return Fault::None;
}

Fault value_fault(std::string_view value) {
  const char* const end = value.data() + value.size();
  if (scan_value(value.data(), end) != end) return Fault::BadFieldValue;
  if (!value.empty() && (is_blank(value.front()) || is_blank(value.back()))) return Fault::BadFieldValue;
  return Fault::None;
}

}  // namespace

bool H2FieldReader::begin(std::string_view name, std::string_view value, std::size_t max_list_bytes) {
  list_bytes_ += name.size() + value.size() + kFieldOverhead;
  if (fault_ != Fault::None) return false;
  if (list_bytes_ > max_list_bytes) fail(Fault::HeadTooLarge);
  else if (name.size() + value.size() > limits_.max_field_line_bytes && name != ":path") fail(Fault::FieldLineTooLong);
  return fault_ == Fault::None;
}

void H2FieldReader::regular(std::string_view name, std::string_view value) {
  regular_seen_ = true;
  const HeaderId id = header_id(name);
  if (const Fault fault = name_fault(name, id); fault != Fault::None) return fail(fault);
  if (const Fault fault = value_fault(value); fault != Fault::None) return fail(fault);
  if ((header_bit(id) & kOfConnection) != 0) return fail(Fault::ConnectionField);
  if (id == HeaderId::Te && !equal_ignoring_case(value, "trailers")) return fail(Fault::BadTe);
  const bool further_crumb = id == HeaderId::Cookie && fields_.has(id);
  if (fields_.size() >= limits_.max_fields && !further_crumb) return fail(Fault::TooManyFields);
  fields_.append({id == HeaderId::Unknown ? arena_.copy(name) : header_name(id), arena_.copy(value), id});
}

void H2FieldReader::pseudo(std::string_view& place, std::string_view value) {
  if (regular_seen_) return fail(Fault::LatePseudoField);
  if (place.data() != nullptr) return fail(Fault::RepeatedPseudoField);
  place = value.empty() ? std::string_view("") : arena_.copy(value);
}

H2RequestReader::H2RequestReader(TextArena& arena, const Limits& limits, RequestHead& head)
    : H2FieldReader(arena, limits, head.fields), head_(head) {
  head.clear();
  head.version = Version::Http2;
}

void H2RequestReader::field(std::string_view name, std::string_view value) {
  if (!begin(name, value, limits_.max_head_bytes)) return;
  if (!name.starts_with(':')) return regular(name, value);
  if (name == ":method") return pseudo(head_.method_text, value);
  if (name == ":path") return pseudo(path_, value);
  if (name == ":scheme") return pseudo(scheme_, value);
  if (name == ":authority") return pseudo(head_.authority, value);
  if (name == ":protocol") return pseudo(protocol_, value);
  fail(Fault::UnknownPseudoField);
}

Fault H2RequestReader::finish(bool end_stream) {
  if (fault_ != Fault::None) return fault_;
  if (head_.method_text.data() == nullptr) return Fault::MissingPseudoField;
  if (head_.method_text.size() > kMaxMethod) return Fault::MethodTooLong;
  if (!is_token(head_.method_text)) return Fault::BadMethod;
  head_.method = method_from(head_.method_text);
  // An empty :authority is an authority all the same, and not a valid one.
  if (head_.authority.data() != nullptr && head_.authority.empty()) return Fault::BadHost;
  Fault fault = Fault::None;
  if (protocol_.data() != nullptr) fault = finish_websocket();
  else if (head_.method == Method::Connect) return finish_connect();
  if (fault == Fault::None) fault = finish_target();
  if (fault == Fault::None) fault = read_authority(arena_, head_);
  if (fault == Fault::None) fault = read_declared_body(head_.fields, head_.version, head_.body);
  if (fault != Fault::None) return fault;
  if (end_stream && head_.body.length > 0) return Fault::LengthMismatch;
  if (!end_stream && !head_.body.has_length && !websocket_) head_.body.chunked = true;
  if (!head_.fields.has(HeaderId::Host)) head_.fields.append(HeaderId::Host, head_.authority);
  join_cookies();
  return Fault::None;
}

// Plain CONNECT: :authority alone (RFC 9113 section 8.5).
Fault H2RequestReader::finish_connect() {
  if (path_.data() != nullptr || scheme_.data() != nullptr) return Fault::ForbiddenPseudoField;
  if (head_.authority.data() == nullptr) return Fault::MissingPseudoField;
  head_.form = TargetForm::Authority;
  head_.target = head_.authority;
  return read_authority(arena_, head_);
}

// RFC 8441 section 4; RFC 6455 section 4.1.
Fault H2RequestReader::finish_websocket() {
  if (head_.method != Method::Connect) return Fault::ForbiddenPseudoField;
  if (!equal_ignoring_case(protocol_, "websocket")) return Fault::UnsupportedProtocol;
  if (head_.authority.data() == nullptr) return Fault::MissingPseudoField;
  websocket_ = true;
  head_.method = Method::Get;
  head_.method_text = "GET";
  head_.fields.append(HeaderId::Upgrade, "websocket");
  head_.fields.append(HeaderId::Connection, "Upgrade");
  head_.fields.remove(HeaderId::SecWebSocketKey);
  return head_.fields.has(HeaderId::ContentLength) ? Fault::BodyNotAllowed : Fault::None;
}

Fault H2RequestReader::finish_target() {
  if (path_.data() == nullptr || scheme_.data() == nullptr) return Fault::MissingPseudoField;
  if (path_.empty()) return Fault::BadTarget;
  if (equal_ignoring_case(scheme_, "http")) head_.scheme = "http";
  else if (equal_ignoring_case(scheme_, "https")) head_.scheme = "https";
  else return Fault::BadScheme;
  return read_path(path_, limits_, arena_, head_);
}

void H2RequestReader::join_cookies() {
  if (head_.fields.count(HeaderId::Cookie) < 2) return;
  std::size_t size = 0;
  for (const Field& field : head_.fields) {
    if (field.id == HeaderId::Cookie) size += field.value.size() + 2;
  }
  char* const begin = arena_.allocate(size);
  char* at = begin;
  for (const Field& field : head_.fields) {
    if (field.id != HeaderId::Cookie) continue;
    if (at != begin) at = std::ranges::copy(std::string_view("; "), at).out;
    at = std::ranges::copy(field.value, at).out;
  }
  arena_.shrink_last(at);
  head_.fields.set(HeaderId::Cookie, {begin, static_cast<std::size_t>(at - begin)});
}

H2ResponseReader::H2ResponseReader(TextArena& arena, const Limits& limits, ResponseHead& head)
    : H2FieldReader(arena, limits, head.fields), head_(head) {
  head.clear();
  head.version = Version::Http2;
}

void H2ResponseReader::field(std::string_view name, std::string_view value) {
  if (!begin(name, value, limits_.max_head_bytes)) return;
  if (!name.starts_with(':')) return regular(name, value);
  if (name == ":status") return pseudo(status_, value);
  fail(Fault::UnknownPseudoField);
}

// 101 does not exist in HTTP/2 (RFC 9113 section 8.6).
Fault H2ResponseReader::finish(bool end_stream, Method request_method) {
  if (fault_ != Fault::None) return fault_;
  if (status_.data() == nullptr) return Fault::MissingPseudoField;
  if (status_.size() != 3 || !all_in_class(status_, kDigit)) return Fault::BadStatus;
  head_.status = static_cast<std::uint16_t>((status_[0] - '0') * 100 + (status_[1] - '0') * 10 + (status_[2] - '0'));
  if (head_.status < 100 || head_.status > 599 || head_.status == 101) return Fault::BadStatus;
  if (head_.status < 200 && end_stream) return Fault::BadStatus;
  if (const Fault fault = read_declared_body(head_.fields, head_.version, head_.body); fault != Fault::None) return fault;
  const bool bodiless = head_.status < 200 || head_.status == 204 || head_.status == 304 || request_method == Method::Head;
  if ((head_.status < 200 || head_.status == 204) && head_.body.length > 0) return Fault::BodyNotAllowed;
  if (bodiless || !end_stream) return Fault::None;
  if (head_.body.length > 0) return Fault::LengthMismatch;
  head_.body.has_length = true;
  return Fault::None;
}

void H2TrailerReader::field(std::string_view name, std::string_view value) {
  if (!begin(name, value, limits_.max_trailer_bytes)) {
    if (fault_ == Fault::HeadTooLarge) fault_ = Fault::TrailersTooLarge;
    return;
  }
  if (name.starts_with(':')) return fail(Fault::LatePseudoField);
  if ((header_bit(header_id(name)) & kNoTrailer) != 0) return fail(Fault::ForbiddenTrailer);
  regular(name, value);
}

}  // namespace cardea::http
