// SPDX-License-Identifier: Apache-2.0
// HeadReader: a cursor over the bytes of a head, and the parts that both roles share: versions, line ends, field lines.
// Private to the HTTP/1 parser. Every read either advances, or runs out of bytes, or finds a fault.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http/fault.h"
#include "http/fields.h"
#include "http/head.h"
#include "http/limits.h"

namespace cardea::http {

enum class Read : std::uint8_t { Ok, More, Bad };

class HeadReader {
 public:
  HeadReader(const char* begin, const char* end, const Limits& limits) : at_(begin), end_(end), limits_(&limits) {}

  const char* at() const { return at_; }
  const char* end() const { return end_; }
  bool empty() const { return at_ == end_; }
  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }
  void advance_to(const char* at) { at_ = at; }
  Fault fault() const { return fault_; }
  Read bad(Fault fault) {
    fault_ = fault;
    return Read::Bad;
  }

  // "HTTP/1.x"
  Read version(Version& out, Fault otherwise);
  // CRLF; anything else is `otherwise`, but for the faults of line ends.
  Read line_end(Fault otherwise);
  // All field lines and the empty line.
  Read fields(Fields& out);

 private:
  Read field(Fields& out);
  Read bad_name(const char* stop);
  Read bad_value(const char* stop);
  Read more_of_line(const char* line);

  const char* at_;
  const char* const end_;
  const Limits* limits_;
  Fault fault_ = Fault::None;
};

// Checks Content-Length and Transfer-Encoding against each other and fills `body` (RFC 9112 section 6).
Fault read_declared_body(const Fields& fields, Version version, DeclaredBody& body);

}  // namespace cardea::http
