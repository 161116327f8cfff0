// SPDX-License-Identifier: Apache-2.0
#include "http/chunked.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <limits>

#include "http/h1_parser.h"
#include "http/syntax.h"

namespace cardea::http {
namespace {

constexpr std::uint8_t kMaxDigits = 16;
constexpr std::uint64_t kMaxSize = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

bool is_blank(char c) { return c == ' ' || c == '\t'; }

constexpr HeaderMask mask_of(std::initializer_list<HeaderId> ids) {
  HeaderMask mask = 0;
  for (HeaderId id : ids) mask |= header_bit(id);
  return mask;
}

constexpr HeaderMask kRefusedTrailers = mask_of({HeaderId::Host, HeaderId::ContentLength, HeaderId::TransferEncoding});

constexpr HeaderMask kForbiddenTrailers = kRefusedTrailers | mask_of({HeaderId::Connection,
                                                                      HeaderId::Upgrade,
                                                                      HeaderId::Expect,
                                                                      HeaderId::Te,
                                                                      HeaderId::Trailer,
                                                                      HeaderId::KeepAlive,
                                                                      HeaderId::ProxyConnection,
                                                                      HeaderId::Http2Settings,
                                                                      HeaderId::Authorization,
                                                                      HeaderId::CacheControl,
                                                                      HeaderId::ContentEncoding,
                                                                      HeaderId::ContentType,
                                                                      HeaderId::ContentRange,
                                                                      HeaderId::Cookie,
                                                                      HeaderId::Date,
                                                                      HeaderId::Forwarded,
                                                                      HeaderId::Location,
                                                                      HeaderId::MaxForwards,
                                                                      HeaderId::Origin,
                                                                      HeaderId::ProxyAuthenticate,
                                                                      HeaderId::ProxyAuthorization,
                                                                      HeaderId::Range,
                                                                      HeaderId::RetryAfter,
                                                                      HeaderId::SecWebSocketAccept,
                                                                      HeaderId::SecWebSocketExtensions,
                                                                      HeaderId::SecWebSocketKey,
                                                                      HeaderId::SecWebSocketProtocol,
                                                                      HeaderId::SecWebSocketVersion,
                                                                      HeaderId::SetCookie,
                                                                      HeaderId::Vary,
                                                                      HeaderId::Via,
                                                                      HeaderId::WwwAuthenticate,
                                                                      HeaderId::XForwardedFor,
                                                                      HeaderId::XForwardedHost,
                                                                      HeaderId::XForwardedPort,
                                                                      HeaderId::XForwardedProto,
                                                                      HeaderId::XRealIp});

}  // namespace

bool is_forbidden_trailer(HeaderId id) { return (kForbiddenTrailers & header_bit(id)) != 0; }

const Fields& ChunkedDecoder::trailers() const {
  static const Fields kNone;
  return trailers_ ? trailers_->fields : kNone;
}

void ChunkedDecoder::reset() { *this = ChunkedDecoder(*limits_); }

ChunkedDecoder::Step ChunkedDecoder::fail(Fault fault, std::size_t consumed) {
  state_ = State::Failed;
  return {Kind::Malformed, fault, consumed, {}};
}

ChunkedDecoder::Step ChunkedDecoder::next(std::span<const char> input) {
  for (std::size_t at = 0;; ++at) {
    if (state_ == State::Data) return read_data(input, at);
    if (state_ == State::TrailerLines) return read_trailers(input, at);
    if (state_ == State::Done) return {Kind::End, Fault::None, at, {}};
    if (state_ == State::Failed) return {Kind::Malformed, Fault::BadChunkSize, at, {}};
    if (at == input.size()) return {Kind::NeedMore, Fault::None, at, {}};
    if (const Fault fault = take_byte(input[at]); fault != Fault::None) return fail(fault, at);
  }
}

ChunkedDecoder::Step ChunkedDecoder::read_data(std::span<const char> input, std::size_t consumed) {
  const std::size_t size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, input.size() - consumed));
  if (size == 0) return {Kind::NeedMore, Fault::None, consumed, {}};
  left_ -= size;
  if (left_ == 0) state_ = State::DataCr;
  return {Kind::Data, Fault::None, consumed + size, {input.data() + consumed, size}};
}

Fault ChunkedDecoder::take_byte(char byte) {
  switch (state_) {
    case State::DataCr:
      state_ = State::DataLf;
      return byte == '\r' ? Fault::None : Fault::BadChunkEnd;
    case State::DataLf:
      state_ = State::Size;
      return byte == '\n' ? Fault::None : Fault::BadChunkEnd;
    case State::LineLf:
      return byte == '\n' ? end_line() : Fault::BareCr;
    case State::Size:
      return take_size_byte(byte);
    default:
      return take_extension_byte(byte);
  }
}

Fault ChunkedDecoder::take_size_byte(char byte) {
  if (const int digit = hex_value(byte); digit >= 0) {
    if (++digits_ > kMaxDigits) return Fault::ChunkSizeTooLarge;
    left_ = left_ << 4 | static_cast<std::uint64_t>(digit);
    return left_ > kMaxSize ? Fault::ChunkSizeTooLarge : Fault::None;
  }
  if (byte == '\n') return Fault::BareLf;
  if (digits_ == 0) return Fault::BadChunkSize;
  line_bytes_ = digits_;
  if (byte == '\r') {
    state_ = State::LineLf;
  } else if (byte == ';') {
    state_ = State::NameStart;
  } else if (is_blank(byte)) {
    state_ = State::BeforeSemi;
  } else {
    return Fault::BadChunkSize;
  }
  return Fault::None;
}

// After the size; `byte` either goes on with an extension or ends the line.
Fault ChunkedDecoder::take_extension_byte(char byte) {
  if (byte == '\n') return Fault::BareLf;
  ++extension_bytes_;
  if (++line_bytes_ > limits_->max_chunk_line_bytes || extension_bytes_ > limits_->max_chunk_extension_bytes) {
    return Fault::ChunkLineTooLong;
  }
  const auto go = [&](State next) {
    state_ = next;
    return Fault::None;
  };
  switch (state_) {
    case State::BeforeSemi:
      if (is_blank(byte)) return Fault::None;
      return byte == ';' ? go(State::NameStart) : digits_ == 0 ? Fault::BadChunkSize : Fault::BadChunkExtension;
    case State::NameStart:
      if (is_blank(byte)) return Fault::None;
      return is_class(byte, kTokenChar) ? go(State::Name) : Fault::BadChunkExtension;
    case State::Name:
      if (is_class(byte, kTokenChar)) return Fault::None;
      if (is_blank(byte)) return go(State::NameEnd);
      break;
    case State::NameEnd:
      if (is_blank(byte)) return Fault::None;
      if (byte == '\r') return Fault::BadChunkExtension;
      break;
    case State::ValueStart:
      if (is_blank(byte)) return Fault::None;
      if (byte == '"') return go(State::Quoted);
      return is_class(byte, kTokenChar) ? go(State::Value) : Fault::BadChunkExtension;
    case State::Value:
      if (is_class(byte, kTokenChar)) return Fault::None;
      if (is_blank(byte)) return go(State::BeforeSemi);
      if (byte == '=') return Fault::BadChunkExtension;
      break;
    case State::Quoted:
      if (byte == '"') return go(State::QuotedEnd);
      if (byte == '\\') return go(State::Escape);
      return is_class(byte, kFieldChar) ? Fault::None : Fault::BadChunkExtension;
    case State::Escape:
      return is_class(byte, kFieldChar) ? go(State::Quoted) : Fault::BadChunkExtension;
    case State::QuotedEnd:
      if (is_blank(byte)) return go(State::BeforeSemi);
      if (byte == '=') return Fault::BadChunkExtension;
      break;
    default:
      return Fault::BadChunkExtension;
  }
  switch (byte) {  // behind a name or a value
    case ';':
      return go(State::NameStart);
    case '=':
      return go(State::ValueStart);
    case '\r':
      return go(State::LineLf);
    default:
      return Fault::BadChunkExtension;
  }
}

Fault ChunkedDecoder::end_line() {
  state_ = left_ == 0 ? State::TrailerLines : State::Data;
  digits_ = 0;
  return Fault::None;
}

// Most bodies end with the empty line right here; trailers are gathered first, since they may come in any pieces.
ChunkedDecoder::Step ChunkedDecoder::read_trailers(std::span<const char> input, std::size_t consumed) {
  if (!trailers_ && input.size() - consumed >= 2 && input[consumed] == '\r' && input[consumed + 1] == '\n') {
    state_ = State::Done;
    return {Kind::End, Fault::None, consumed + 2, {}};
  }
  if (!trailers_) trailers_ = std::make_unique<Trailers>();
  std::string& text = trailers_->text;
  while (consumed < input.size()) {
    const std::size_t room = limits_->max_trailer_bytes - std::min(text.size(), limits_->max_trailer_bytes);
    const std::size_t size = std::min(room, input.size() - consumed);
    if (size == 0) return fail(Fault::TrailersTooLarge, consumed);
    const char* const begin = input.data() + consumed;
    const void* const found = std::memchr(begin, '\n', size);
    const std::size_t taken = found ? static_cast<std::size_t>(static_cast<const char*>(found) - begin) + 1 : size;
    text.append(begin, taken);
    consumed += taken;
    if (!found) continue;
    if (!text.ends_with("\r\n")) return fail(Fault::BareLf, consumed);
    if (text.size() != 2 && !text.ends_with("\r\n\r\n")) continue;
    if (const Fault fault = keep_trailers(); fault != Fault::None) return fail(fault, consumed);
    state_ = State::Done;
    return {Kind::End, Fault::None, consumed, {}};
  }
  return {Kind::NeedMore, Fault::None, consumed, {}};
}

Fault ChunkedDecoder::keep_trailers() {
  Fields& fields = trailers_->fields;
  const ParseResult result = parse_field_lines(trailers_->text, *limits_, fields);
  if (!result.complete()) return result.fault;
  if ((fields.present() & kRefusedTrailers) != 0) return Fault::ForbiddenTrailer;
  if ((fields.present() & kForbiddenTrailers) != 0) {
    fields.remove_if([](const Field& field) { return is_forbidden_trailer(field.id); });
  }
  return Fault::None;
}

ChunkHeader chunk_header(std::uint64_t size) {
  ChunkHeader header;
  char* end = std::to_chars(header.bytes.data(), header.bytes.data() + 16, size, 16).ptr;
  *end++ = '\r';
  *end++ = '\n';
  header.size = static_cast<std::uint8_t>(end - header.bytes.data());
  return header;
}

void append_last_chunk(std::string& out, const Fields& trailers) {
  out += "0\r\n";
  for (const Field& field : trailers) {
    if (is_forbidden_trailer(field.id)) continue;
    out.append(field.name).append(": ").append(field.value).append("\r\n");
  }
  out += "\r\n";
}

}  // namespace cardea::http
