// SPDX-License-Identifier: Apache-2.0
// HTTP/1 message heads from bytes (RFC 9112 sections 2 to 6). Pure: no I/O, no copies, no state but `progress`.
//
//   request-line = method SP request-target SP HTTP-version CRLF
//   status-line  = HTTP-version SP 3DIGIT SP [ reason-phrase ] CRLF
//   field-line   = token ":" OWS *( VCHAR / SP / HTAB / obs-text ) OWS CRLF
//
// Both roles are strict: what the RFCs call malformed or ambiguous is Malformed, there is no lenient mode. A Complete
// head has a valid authority, a path in normal form and a declared body without contradictions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "http/fault.h"
#include "http/head.h"
#include "http/limits.h"
#include "http/text_arena.h"

namespace cardea::http {

enum class ParseStatus : std::uint8_t { Complete, Incomplete, Malformed };

struct ParseResult {
  ParseStatus status = ParseStatus::Incomplete;
  Fault fault = Fault::None;  // when Malformed; fault_status() says what to answer
  std::size_t consumed = 0;   // when Complete: the head's length with its empty line

  bool complete() const { return status == ParseStatus::Complete; }
  bool incomplete() const { return status == ParseStatus::Incomplete; }
  bool malformed() const { return status == ParseStatus::Malformed; }
};

// Remembers across Incomplete results how far the bytes were looked at, so that a peer that sends single bytes costs
// linear time. One per head; a new or cleared one for the next.
struct ParseProgress {
  std::size_t scanned = 0;  // no empty line ends before here
  std::size_t parsed = 0;   // how much was there when it was last parsed in full
};

// `bytes` starts at the head and holds all of it that was received so far (they may lie elsewhere at the next call).
// One empty line before a request is skipped. `out` is overwritten; it is whole only when Complete, but a Malformed
// one's method_text and target are set as far as they could be read, for logs.
ParseResult parse_request_head(std::span<const char> bytes, const Limits& limits, TextArena& arena,
                               ParseProgress& progress, RequestHead& out);
ParseResult parse_response_head(std::span<const char> bytes, const Limits& limits, ParseProgress& progress,
                                ResponseHead& out);
// The field lines of a trailer section with the empty line that ends it. `out` is appended to. No resume hint: the
// caller calls when it has seen the empty line.
ParseResult parse_field_lines(std::span<const char> bytes, const Limits& limits, Fields& out);

}  // namespace cardea::http
