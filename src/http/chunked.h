// SPDX-License-Identifier: Apache-2.0
// The chunked transfer coding, both ways (RFC 9112 section 7.1). Pure: bytes in, spans of the same bytes out.
//
//   chunked-body = *chunk last-chunk trailer-section CRLF
//   chunk        = 1*HEXDIG [ chunk-ext ] CRLF chunk-data CRLF
//   chunk-ext    = *( BWS ";" BWS token [ BWS "=" BWS ( token / quoted-string ) ] )
//
// Strict: no whitespace around a size, no sign, no "0x", at most 16 digits, CRLF only. Extensions are checked, bounded
// and dropped (section 7.1.1). Trailer fields: Host, Content-Length and Transfer-Encoding are a fault (they could only
// contradict the head); others that RFC 9110 section 6.5.1 forbids there are dropped; the rest is kept.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "http/fault.h"
#include "http/fields.h"
#include "http/limits.h"

namespace cardea::http {

// One per body, owned by the connection's reader. A value: reset() makes it new.
class ChunkedDecoder {
 public:
  enum class Kind : std::uint8_t {
    NeedMore,   // everything usable was consumed; call again with more bytes after `consumed`
    Data,       // `data` is a piece of the body, inside the input
    End,        // the body is complete; trailers() are set; bytes after `consumed` belong to the next message
    Malformed,  // `fault`; the connection cannot be used any more
  };
  struct Step {
    Kind kind = Kind::NeedMore;
    Fault fault = Fault::None;
    std::size_t consumed = 0;  // bytes of the input that are done, also those of `data`
    std::string_view data;
  };

  explicit ChunkedDecoder(const Limits& limits) : limits_(&limits) {}  // `limits` must outlive this

  // Takes from the front of `input` up to the next event. The caller drops `consumed` bytes and calls again.
  Step next(std::span<const char> input);

  // After End: what is to be forwarded, with texts owned by this decoder.
  const Fields& trailers() const;
  bool done() const { return state_ == State::Done; }
  void reset();

 private:
  enum class State : std::uint8_t {
    Size,        // digits, at least one
    BeforeSemi,  // after BWS, or after a quoted value: only BWS, ";" or (where it may) CR
    NameStart,   // after ";"
    Name,
    NameEnd,     // BWS after a name
    ValueStart,  // after "="
    Value,       // token
    Quoted,
    Escape,
    QuotedEnd,
    LineLf,
    Data,
    DataCr,
    DataLf,
    TrailerLines,
    Done,
    Failed,
  };

  Step fail(Fault fault, std::size_t consumed);
  Step read_data(std::span<const char> input, std::size_t consumed);
  Step read_trailers(std::span<const char> input, std::size_t consumed);
  Fault take_byte(char byte);  // anything but chunk data and trailers
  Fault take_size_byte(char byte);
  Fault take_extension_byte(char byte);
  Fault end_line();
  Fault keep_trailers();

  const Limits* limits_;
  State state_ = State::Size;
  bool last_ = false;
  std::uint8_t digits_ = 0;
  std::uint64_t left_ = 0;  // of the current chunk
  std::size_t line_bytes_ = 0;
  std::size_t extension_bytes_ = 0;
  struct Trailers {  // most bodies have none
    std::string text;
    Fields fields;
  };
  std::unique_ptr<Trailers> trailers_;
};

// A chunk on the wire is: chunk_header, the data, kChunkEnd.
struct ChunkHeader {
  std::array<char, 18> bytes;
  std::uint8_t size = 0;
  std::string_view view() const { return {bytes.data(), size}; }
};
ChunkHeader chunk_header(std::uint64_t size);  // not for 0: that ends the body
inline constexpr std::string_view kChunkEnd = "\r\n";
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";
// The last chunk with trailer fields, appended to `out`.
void append_last_chunk(std::string& out, const Fields& trailers);

// Whether RFC 9110 section 6.5.1 keeps this field out of trailers (framing, routing, authentication, content, ...).
bool is_forbidden_trailer(HeaderId id);

}  // namespace cardea::http
