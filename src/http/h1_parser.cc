// SPDX-License-Identifier: Apache-2.0
#include "http/h1_parser.h"

#include <algorithm>
#include <cstring>

#include "http/h1_reader.h"
#include "http/request_target.h"
#include "http/scan.h"
#include "http/syntax.h"

namespace cardea::http {
namespace {

constexpr std::size_t kMaxMethod = 64;

// Whether parsing again may say anything new: an empty line ended, or a line ended without CR, or the bytes doubled (so
// that other faults show early, at linear cost).
bool worth_parsing(std::string_view bytes, ParseProgress& progress) {
  if (bytes.size() >= 2 * progress.parsed) return true;
  for (std::size_t at = progress.scanned; at < bytes.size(); ++at) {
    const void* found = std::memchr(bytes.data() + at, '\n', bytes.size() - at);
    if (!found) break;
    at = static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
    if (at == 0 || bytes[at - 1] != '\r' || (at >= 2 && bytes[at - 2] == '\n')) return true;
  }
  progress.scanned = bytes.size();
  return false;
}

Read read_method(HeadReader& reader, RequestHead& head) {
  const char* const begin = reader.at();
  const char* const end = scan_token(begin, begin + std::min(reader.left(), kMaxMethod + 1));
  const auto size = static_cast<std::size_t>(end - begin);
  head.method_text = {begin, size};
  if (size > kMaxMethod) return reader.bad(Fault::MethodTooLong);
  if (end == reader.end()) return Read::More;
  if (*end != ' ') return reader.bad(*end == '\n' ? Fault::BareLf : Fault::BadMethod);
  if (size == 0) return reader.bad(Fault::BadRequestLine);
  head.method = method_from(head.method_text);
  reader.advance_to(end + 1);
  return Read::Ok;
}

// One empty line is skipped (RFC 9112 section 2.2): old clients send one after a body.
Read skip_empty_line(HeadReader& reader) {
  if (reader.empty()) return Read::More;
  return *reader.at() == '\r' || *reader.at() == '\n' ? reader.line_end(Fault::BareCr) : Read::Ok;
}

Read read_request(HeadReader& reader, const Limits& limits, TextArena& arena, RequestHead& head) {
  Read read = skip_empty_line(reader);
  if (read == Read::Ok) read = read_method(reader, head);
  if (read == Read::Ok) read = read_request_target(reader, limits, arena, head);
  if (read == Read::Ok) read = reader.version(head.version, Fault::BadVersion);
  if (read == Read::Ok) read = reader.line_end(Fault::BadRequestLine);
  if (read == Read::Ok) read = reader.fields(head.fields);
  if (read != Read::Ok) return read;
  if (const Fault fault = read_authority(arena, head); fault != Fault::None) return reader.bad(fault);
  const Fault fault = read_declared_body(head.fields, head.version, head.body);
  return fault == Fault::None ? Read::Ok : reader.bad(fault);
}

// SP 3DIGIT SP; the second space stands also before an empty reason.
Read read_status(HeadReader& reader, ResponseHead& head) {
  const char* const at = reader.at();
  if (reader.left() < 5) {
    const void* line_end = std::memchr(at, '\n', reader.left());
    return line_end ? reader.bad(Fault::BadStatusLine) : Read::More;
  }
  if (at[0] != ' ' || at[4] != ' ' || std::memchr(at, '\n', 5)) return reader.bad(Fault::BadStatusLine);
  if (!all_in_class({at + 1, 3}, kDigit)) return reader.bad(Fault::BadStatus);
  head.status = static_cast<std::uint16_t>((at[1] - '0') * 100 + (at[2] - '0') * 10 + (at[3] - '0'));
  if (head.status < 100 || head.status > 599) return reader.bad(Fault::BadStatus);
  reader.advance_to(at + 5);
  return Read::Ok;
}

Read read_reason(HeadReader& reader, ResponseHead& head) {
  const char* const end = scan_value(reader.at(), reader.end());
  head.reason = {reader.at(), static_cast<std::size_t>(end - reader.at())};
  reader.advance_to(end);
  return reader.line_end(Fault::BadStatusLine);
}

// A 1xx or 204 never has a body; one that declares some leaves it open what follows on the connection. "Content-Length:
// 0" says nothing wrong and is common.
bool declares_forbidden_body(const ResponseHead& head) {
  if (head.status >= 200 && head.status != 204) return false;
  return head.body.chunked || head.body.length > 0;
}

Read read_response(HeadReader& reader, ResponseHead& head) {
  Read read = reader.version(head.version, Fault::BadStatusLine);
  if (read == Read::Ok) read = read_status(reader, head);
  if (read == Read::Ok) read = read_reason(reader, head);
  if (read == Read::Ok) read = reader.fields(head.fields);
  if (read != Read::Ok) return read;
  const Fault fault = read_declared_body(head.fields, head.version, head.body);
  if (fault != Fault::None) return reader.bad(fault);
  return declares_forbidden_body(head) ? reader.bad(Fault::BodyNotAllowed) : Read::Ok;
}

ParseResult result_of(Read read, const HeadReader& reader, const char* begin) {
  switch (read) {
    case Read::Ok:
      return {ParseStatus::Complete, Fault::None, static_cast<std::size_t>(reader.at() - begin)};
    case Read::More:
      return {ParseStatus::Incomplete, Fault::None, 0};
    case Read::Bad:
      break;
  }
  return {ParseStatus::Malformed, reader.fault(), 0};
}

// No head is longer than the limit, so no byte behind it is looked at, and being incomplete there is final.
template <class ReadHead>
ParseResult parse(std::span<const char> bytes, const Limits& limits, ParseProgress& progress, ReadHead read_head) {
  if (progress.parsed != 0 && bytes.size() < limits.max_head_bytes &&
      !worth_parsing({bytes.data(), bytes.size()}, progress)) {
    return {};
  }
  const char* const begin = bytes.data();
  HeadReader reader(begin, begin + std::min(bytes.size(), limits.max_head_bytes), limits);
  const ParseResult result = result_of(read_head(reader), reader, begin);
  if (!result.incomplete()) return result;
  if (bytes.size() >= limits.max_head_bytes) return {ParseStatus::Malformed, Fault::HeadTooLarge, 0};
  progress.parsed = bytes.size();
  progress.scanned = bytes.size();
  return result;
}

}  // namespace

ParseResult parse_request_head(std::span<const char> bytes, const Limits& limits, TextArena& arena,
                               ParseProgress& progress, RequestHead& out) {
  return parse(bytes, limits, progress, [&](HeadReader& reader) {
    out.clear();
    return read_request(reader, limits, arena, out);
  });
}

ParseResult parse_response_head(std::span<const char> bytes, const Limits& limits, ParseProgress& progress,
                                ResponseHead& out) {
  return parse(bytes, limits, progress, [&](HeadReader& reader) {
    out.clear();
    return read_response(reader, out);
  });
}

ParseResult parse_field_lines(std::span<const char> bytes, const Limits& limits, Fields& out) {
  HeadReader reader(bytes.data(), bytes.data() + bytes.size(), limits);
  return result_of(reader.fields(out), reader, bytes.data());
}

}  // namespace cardea::http
