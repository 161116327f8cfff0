// SPDX-License-Identifier: Apache-2.0
#include "http/h1_reader.h"

#include <cstring>
#include <limits>

#include "http/list.h"
#include "http/scan.h"
#include "http/syntax.h"

namespace cardea::http {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t'; }

// Nothing but 1*DIGIT; up to 2^63 - 1, so that sums of lengths cannot overflow.
bool parse_length(std::string_view text, std::uint64_t& length) {
  if (text.empty() || text.size() > 19) return false;
  length = 0;
  for (char c : text) {
    if (!is_class(c, kDigit)) return false;
    length = length * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return length <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
}

// 501 only for a well-formed list of codings that ends in its one "chunked": its length is known, its coding is not.
Fault transfer_encoding_fault(std::string_view value) {
  std::size_t codings = 0;
  while (true) {
    const std::size_t comma = value.find(',');
    const std::string_view item = trim(value.substr(0, comma));
    const bool last = comma == std::string_view::npos;
    const std::string_view name = trim(item.substr(0, item.find(';')));
    if (!is_token(name)) return Fault::BadTransferEncoding;
    if (equal_ignoring_case(name, "chunked") != last || (last && name.size() != item.size())) {
      return Fault::BadTransferEncoding;
    }
    ++codings;
    if (last) return codings == 1 ? Fault::None : Fault::UnknownTransferCoding;
    value.remove_prefix(comma + 1);
  }
}

}  // namespace

Read HeadReader::version(Version& out, Fault otherwise) {
  constexpr std::string_view kName = "HTTP/";
  if (left() < 8) {
    const std::size_t known = left() < kName.size() ? left() : kName.size();
    if (std::memcmp(at_, kName.data(), known) != 0) return bad(otherwise);
    for (const char* c = at_ + known; c != end_; ++c) {
      if (*c == '\r' || *c == '\n') return bad(otherwise);
    }
    return Read::More;
  }
  if (std::memcmp(at_, "HTTP/1.1", 8) == 0) {
    out = Version::Http11;
  } else {
    const bool shape = std::memcmp(at_, kName.data(), kName.size()) == 0 && is_class(at_[5], kDigit) && at_[6] == '.' &&
                       is_class(at_[7], kDigit);
    if (!shape) return bad(otherwise);
    if (at_[5] != '1') return bad(Fault::UnsupportedVersion);
    // A higher minor version is treated as the highest we know (RFC 9110 section 2.5).
    out = at_[7] == '0' ? Version::Http10 : Version::Http11;
  }
  at_ += 8;
  return Read::Ok;
}

Read HeadReader::line_end(Fault otherwise) {
  if (left() >= 2 && at_[0] == '\r' && at_[1] == '\n') {
    at_ += 2;
    return Read::Ok;
  }
  if (empty()) return Read::More;
  if (*at_ == '\n') return bad(Fault::BareLf);
  if (*at_ != '\r') return bad(otherwise);
  return left() == 1 ? Read::More : bad(Fault::BareCr);
}

Read HeadReader::fields(Fields& out) {
  while (true) {
    if (empty()) return Read::More;
    if (*at_ == '\r' || *at_ == '\n') return line_end(Fault::BareCr);
    if (out.size() == limits_->max_fields) return bad(Fault::TooManyFields);
    if (const Read read = field(out); read != Read::Ok) return read;
  }
}

Read HeadReader::field(Fields& out) {
  const char* const line = at_;
  // A known name needs no check of its bytes; it seldom stands so near the end that near_colon() gives up.
  const char* colon = near_colon(line, end_);
  HeaderId id = colon ? header_id({line, static_cast<std::size_t>(colon - line)}, left()) : HeaderId::Unknown;
  if (id == HeaderId::Unknown) {
    const char* const stop = scan_token(line, end_);
    if (stop == end_) return more_of_line(line);
    if (*stop != ':' || stop == line) return bad_name(stop);
    if (!colon) id = header_id({line, static_cast<std::size_t>(stop - line)});
    colon = stop;
  }
  const char* value = colon + 1;
  while (value != end_ && is_blank(*value)) ++value;
  const char* const stop = scan_value(value, end_);
  if (end_ - stop < 2) {
    if (stop == end_ || *stop == '\r') return more_of_line(line);
    return bad_value(stop);
  }
  if (stop[0] != '\r' || stop[1] != '\n') return bad_value(stop);
  if (static_cast<std::size_t>(stop - line) > limits_->max_field_line_bytes) return bad(Fault::FieldLineTooLong);
  const char* last = stop;
  while (last != value && is_blank(last[-1])) --last;
  out.append({{line, static_cast<std::size_t>(colon - line)},
              {value, static_cast<std::size_t>(last - value)},
              id,
              last == stop && value == colon + 2 && colon[1] == ' '});
  at_ = stop + 2;
  return Read::Ok;
}

Read HeadReader::more_of_line(const char* line) {
  if (static_cast<std::size_t>(end_ - line) > limits_->max_field_line_bytes + 2) return bad(Fault::FieldLineTooLong);
  return Read::More;
}

Read HeadReader::bad_name(const char* stop) {
  if (is_blank(*stop)) {
    if (stop == at_) return bad(Fault::FoldedField);
    const char* next = stop;
    while (next != end_ && is_blank(*next)) ++next;
    if (next == end_) return more_of_line(at_);
    return bad(*next == ':' ? Fault::WhitespaceBeforeColon : Fault::BadFieldName);
  }
  return bad(*stop == '\n' ? Fault::BareLf : Fault::BadFieldName);
}

Read HeadReader::bad_value(const char* stop) {
  if (*stop == '\n') return bad(Fault::BareLf);
  return bad(*stop == '\r' ? Fault::BareCr : Fault::BadFieldValue);
}

Fault read_declared_body(const Fields& fields, Version version, DeclaredBody& body) {
  const bool coded = fields.has(HeaderId::TransferEncoding);
  const bool sized = fields.has(HeaderId::ContentLength);
  if (coded) {
    if (version == Version::Http10) return Fault::TransferEncodingInHttp10;
    if (sized) return Fault::LengthWithTransferEncoding;
    if (fields.count(HeaderId::TransferEncoding) > 1) return Fault::BadTransferEncoding;
    body.chunked = true;
    const std::string_view value = fields.get(HeaderId::TransferEncoding);
    return value == "chunked" ? Fault::None : transfer_encoding_fault(value);
  }
  if (sized) {
    if (fields.count(HeaderId::ContentLength) > 1) return Fault::RepeatedContentLength;
    body.has_length = true;
    if (!parse_length(fields.get(HeaderId::ContentLength), body.length)) return Fault::BadContentLength;
  }
  return Fault::None;
}

}  // namespace cardea::http
