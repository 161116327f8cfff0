// SPDX-License-Identifier: Apache-2.0
// Limits: how much of a peer's message we are ready to hold. A request beyond one is refused with the status named
// here, a response beyond one counts as malformed.
#pragma once

#include <cstddef>
#include <cstdint>

namespace cardea::http {

// How a path may hold an encoded separator (%2F, %5C); see docs/path-normal-form.md.
enum class EncodedSeparators : std::uint8_t {
  Refuse,  // 400: a backend that decodes them would see another path than the one that was matched
  Keep,    // forwarded as they are, never decoded, never a separator for matching
};

struct Limits {
  std::size_t max_head_bytes = 64 * 1024;             // start line, field lines and the empty line; 431
  std::size_t max_fields = 128;                       // 431
  std::size_t max_field_line_bytes = 16 * 1024;       // one field line without its CRLF; 431
  std::size_t max_target_bytes = 8 * 1024;            // 414
  std::size_t max_chunk_line_bytes = 1024;            // a chunk's size and extensions, without CRLF; 400
  std::size_t max_chunk_extension_bytes = 16 * 1024;  // of all chunks of a body; 400
  std::size_t max_trailer_bytes = 8 * 1024;           // the trailer section with its empty line; 431
  EncodedSeparators encoded_separators = EncodedSeparators::Refuse;
};

}  // namespace cardea::http
