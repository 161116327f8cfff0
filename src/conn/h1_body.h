// SPDX-License-Identifier: Apache-2.0
// Bodies on an HTTP/1 connection (RFC 9112 sections 6 and 7), the same for requests and responses.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "conn/body.h"
#include "conn/buffer.h"
#include "http/chunked.h"
#include "http/framing.h"
#include "http/limits.h"
#include "net/stream.h"

namespace cardea::conn {

// Reads from the front of `buffer`, then from `stream`, exactly the body: bytes after it stay unread in the buffer.
class H1BodyReader final : public BodyReader {
 public:
  H1BodyReader(net::Stream& stream, Buffer& buffer, const http::Limits& limits)
      : stream_(stream), buffer_(buffer), limits_(limits) {}
  H1BodyReader(const H1BodyReader&) = delete;
  H1BodyReader& operator=(const H1BodyReader&) = delete;

  // The buffer's unread bytes are the first of this body.
  void start(http::Framing framing);

  ReadStatus peek(std::span<const char>& data) override;
  void consume(std::size_t bytes) override;
  async::Signal& ready() override { return stream_.readable(); }
  const http::Fields& trailers() const override;
  http::Fault fault() const override { return fault_; }
  bool rewindable() const override { return rewindable_; }
  void rewind() override;

  bool at_end() const { return state_ == State::Ended; }
  const http::Framing& framing() const { return framing_; }

 private:
  enum class State : std::uint8_t { Reading, Ended, Failed };

  ReadStatus fill();
  ReadStatus peek_length(std::span<const char>& data);
  ReadStatus peek_chunked(std::span<const char>& data);
  ReadStatus peek_to_end(std::span<const char>& data);
  ReadStatus end() {
    state_ = State::Ended;
    return ReadStatus::End;
  }
  ReadStatus fail(http::Fault fault) {
    state_ = State::Failed;
    fault_ = fault;
    return ReadStatus::Failed;
  }

  net::Stream& stream_;
  Buffer& buffer_;
  const http::Limits& limits_;
  http::Framing framing_;
  State state_ = State::Ended;
  http::Fault fault_ = http::Fault::None;
  bool rewindable_ = true;
  std::size_t start_ = 0;
  std::uint64_t left_ = 0;               // Length
  std::span<const char> chunk_data_;     // Chunked: decoded, not yet consumed
  std::optional<http::ChunkedDecoder> decoder_;
};

// Writes heads and bodies to `stream`. Small pieces are staged in `buffer` and sent together; large ones go out straight
// from the caller's memory, behind what is staged, in one system call.
class H1BodyWriter final : public BodyWriter {
 public:
  H1BodyWriter(net::Stream& stream, Buffer& buffer) : stream_(stream), buffer_(buffer) {}
  H1BodyWriter(const H1BodyWriter&) = delete;
  H1BodyWriter& operator=(const H1BodyWriter&) = delete;

  // The head was staged in the buffer; this is what it announced. `sends_body` is false where only the length is told
  // (HEAD, 304).
  void start(http::Framing framing, bool sends_body);

  Written try_write(std::span<const char> data) override;
  bool finish(const http::Fields& trailers) override;
  WriteStatus flush() override;
  async::Signal& ready() override { return stream_.writable(); }
  void abort() override { aborted_ = true; }

  bool aborted() const { return aborted_; }
  bool finished() const { return finished_; }
  // Since start() the stream was offered something, so that the receiver may have it.
  bool offered() const { return offered_; }
  // ... and took something.
  bool taken() const { return taken_; }
  const http::Framing& framing() const { return framing_; }

 private:
  void stage(std::string_view text);
  Written send_now(std::span<const char> data);

  net::Stream& stream_;
  Buffer& buffer_;
  http::Framing framing_;
  std::uint64_t left_ = 0;        // Length: still to come
  std::uint64_t chunk_left_ = 0;  // Chunked: of the chunk whose header was staged
  bool finished_ = true;
  bool aborted_ = false;
  bool offered_ = false;
  bool taken_ = false;
};

}  // namespace cardea::conn
