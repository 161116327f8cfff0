// SPDX-License-Identifier: Apache-2.0
// Response heads: cut anywhere the verdict is the same; what the writer makes of a complete one is read back.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "http/h1_parser.h"
#include "http/h1_writer.h"
#include "http/hop_by_hop.h"

namespace cardea::http {
namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

struct Parsed {
  explicit Parsed(std::string_view text) : bytes(text) {
    result = parse_response_head({bytes.data(), bytes.size()}, Limits(), progress, head);
  }
  std::string bytes;
  ParseProgress progress;
  ResponseHead head;
  ParseResult result;
};

void check_split(std::string_view text, std::size_t cut, const Parsed& whole) {
  Parsed part(text.substr(0, cut));
  if (part.result.complete()) return require(whole.result.complete() && part.result.consumed == whole.result.consumed);
  if (part.result.incomplete()) {
    part.result = parse_response_head({whole.bytes.data(), whole.bytes.size()}, Limits(), part.progress, part.head);
    if (part.result.incomplete()) return require(!whole.result.complete());
  }
  require(part.result.status == whole.result.status && part.result.fault == whole.result.fault);
}

void check_forwarded(Parsed& first) {
  ResponseHead& head = first.head;
  if (strip_hop_by_hop(head.fields, head.status == 101) != Fault::None) return;
  std::string wire;
  append_head(wire, head, {.framing = announced_framing(head, Method::Get), .upgrade = head.status == 101});
  const Parsed second(wire);
  require(second.result.complete() && second.result.consumed == wire.size());
  require(second.head.status == head.status);
  require(body_framing(second.head, Method::Get) == body_framing(head, Method::Get));
}

}  // namespace
}  // namespace cardea::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cardea::http;
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  Parsed whole(text);
  check_split(text, text.empty() ? 0 : data[0] * text.size() / 256, whole);
  if (whole.result.complete()) check_forwarded(whole);
  return 0;
}
