// SPDX-License-Identifier: Apache-2.0
// Request heads: cut anywhere the verdict is the same; a complete head is consistent, and what the writer makes of it
// is read back as the same head and as exactly one.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "http/h1_parser.h"
#include "http/h1_writer.h"
#include "http/hop_by_hop.h"
#include "http/upgrade.h"

namespace cardea::http {
namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

struct Parsed {
  explicit Parsed(std::string_view text) : bytes(text) {
    result = parse_request_head({bytes.data(), bytes.size()}, Limits(), arena, progress, head);
  }
  std::string bytes;  // exactly as long as the text, so that a read beyond it is seen
  TextArena arena;
  ParseProgress progress;
  RequestHead head;
  ParseResult result;
};

void check_split(std::string_view text, std::size_t cut, const Parsed& whole) {
  Parsed part(text.substr(0, cut));
  if (part.result.complete()) return require(whole.result.complete() && part.result.consumed == whole.result.consumed);
  if (part.result.incomplete()) {
    part.result =
        parse_request_head({whole.bytes.data(), whole.bytes.size()}, Limits(), part.arena, part.progress, part.head);
    if (part.result.incomplete()) return require(!whole.result.complete());
  }
  require(part.result.status == whole.result.status);
  require(part.result.fault == whole.result.fault);
  require(part.result.consumed == whole.result.consumed);
}

void check_forwarded(Parsed& first) {
  RequestHead& head = first.head;
  (void)upgrade_kind(head);
  if (strip_hop_by_hop(head.fields, false) != Fault::None) return;
  if (head.method == Method::Connect || head.authority.empty()) return;
  std::string wire;
  append_head(wire, head, {.framing = announced_framing(head)});
  const Parsed second(wire);
  require(second.result.complete() && second.result.consumed == wire.size());
  require(second.head.method_text == head.method_text);
  require(second.head.path == head.path && second.head.query == head.query && second.head.has_query == head.has_query);
  require(second.head.authority == head.authority && second.head.host == head.host && second.head.port == head.port);
  require(second.head.body.chunked == head.body.chunked && second.head.body.length == head.body.length);
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
