// SPDX-License-Identifier: Apache-2.0
// Chunked bodies: in pieces of any sizes they decode as they do whole; what was decoded, encoded again, decodes alike.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "http/chunked.h"

namespace cardea::http {
namespace {

constexpr Limits kLimits{.max_chunk_line_bytes = 64, .max_chunk_extension_bytes = 128, .max_trailer_bytes = 128};

void require(bool condition) {
  if (!condition) std::abort();
}

struct Decoded {
  ChunkedDecoder decoder{kLimits};
  ChunkedDecoder::Kind kind = ChunkedDecoder::Kind::NeedMore;
  Fault fault = Fault::None;
  std::string body;
  std::size_t consumed = 0;

  // Feeds `text` in pieces whose sizes go round through `sizes`.
  void run(std::string_view text, std::string_view sizes) {
    std::size_t end = 0;
    for (std::size_t i = 0; kind == ChunkedDecoder::Kind::NeedMore && end < text.size(); ++i) {
      const std::size_t size =
          sizes.empty() ? text.size() : 1 + static_cast<unsigned char>(sizes[i % sizes.size()]) % 16;
      end = std::min(text.size(), end + size);
      feed(text.substr(consumed, end - consumed));
    }
  }

  void feed(std::string_view piece) {
    while (true) {
      const std::string copy(piece);
      const ChunkedDecoder::Step step = decoder.next({copy.data(), copy.size()});
      require(step.consumed <= piece.size());
      body += step.data;
      consumed += step.consumed;
      piece.remove_prefix(step.consumed);
      if (step.kind == ChunkedDecoder::Kind::Data) continue;
      kind = step.kind;
      fault = step.fault;
      return;
    }
  }
};

}  // namespace
}  // namespace cardea::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cardea::http;
  if (size < 4) return 0;
  const std::string_view sizes(reinterpret_cast<const char*>(data), 4);
  const std::string_view text(reinterpret_cast<const char*>(data) + 4, size - 4);
  Decoded whole;
  whole.run(text, {});
  Decoded pieces;
  pieces.run(text, sizes);
  require(whole.kind == pieces.kind && whole.fault == pieces.fault && whole.body == pieces.body);
  if (whole.kind != ChunkedDecoder::Kind::End) return 0;
  require(whole.consumed == pieces.consumed && whole.decoder.trailers().size() == pieces.decoder.trailers().size());

  std::string wire;
  if (!whole.body.empty()) wire.append(chunk_header(whole.body.size()).view()).append(whole.body).append(kChunkEnd);
  append_last_chunk(wire, whole.decoder.trailers());
  if (wire.size() > whole.body.size() + kLimits.max_trailer_bytes) return 0;
  Decoded again;
  again.run(wire, {});
  require(again.kind == ChunkedDecoder::Kind::End && again.consumed == wire.size() && again.body == whole.body);
  return 0;
}
