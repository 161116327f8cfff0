// SPDX-License-Identifier: Apache-2.0
#include "conn/h1_body.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

namespace cardea::conn {
namespace {

// Up to here a copy costs less than another part in a system call.
constexpr std::size_t kCopyBytes = 4096;
constexpr std::size_t kMaxBuffered = 64 * 1024;

const http::Fields kNoFields;

}  // namespace

void H1BodyReader::start(http::Framing framing) {
  framing_ = framing;
  fault_ = http::Fault::None;
  rewindable_ = true;
  start_ = buffer_.position();
  bytes_read_ = 0;
  left_ = framing.length;
  chunk_data_ = {};
  if (framing.kind == http::Framing::Kind::Chunked) decoder_.emplace(limits_);
  const bool nothing = framing.kind == http::Framing::Kind::None || (framing.kind == http::Framing::Kind::Length && left_ == 0);
  state_ = nothing ? State::Ended : State::Reading;
}

void H1BodyReader::rewind() {
  buffer_.unconsume_to(start_);
  start(framing_);
}

ReadStatus H1BodyReader::peek(std::span<const char>& data) {
  if (state_ == State::Ended) return ReadStatus::End;
  if (state_ == State::Failed) return ReadStatus::Failed;
  switch (framing_.kind) {
    case http::Framing::Kind::Length:
      return peek_length(data);
    case http::Framing::Kind::Chunked:
      return peek_chunked(data);
    default:
      return peek_to_end(data);
  }
}

// Reads more into the empty buffer. Data: there are bytes now.
ReadStatus H1BodyReader::fill() {
  if (buffer_.position() != start_) rewindable_ = false;  // what was consumed will be overwritten
  const auto result = stream_.try_read(buffer_.space(kMaxBuffered));
  switch (result.status) {
    case net::IoStatus::Ok:
      buffer_.commit(result.bytes);
      return ReadStatus::Data;
    case net::IoStatus::WouldBlock:
      buffer_.release_if_empty();
      return ReadStatus::WouldBlock;
    case net::IoStatus::End:
      return ReadStatus::End;
    case net::IoStatus::Failed:
      break;
  }
  return fail(http::Fault::None);
}

ReadStatus H1BodyReader::peek_length(std::span<const char>& data) {
  if (left_ == 0) return end();
  if (buffer_.empty()) {
    const ReadStatus filled = fill();
    if (filled == ReadStatus::End) return fail(http::Fault::None);
    if (filled != ReadStatus::Data) return filled;
  }
  data = buffer_.unread().first(std::min<std::uint64_t>(left_, buffer_.size()));
  return ReadStatus::Data;
}

ReadStatus H1BodyReader::peek_chunked(std::span<const char>& data) {
  while (chunk_data_.empty()) {
    const auto step = decoder_->next(buffer_.unread());
    buffer_.consume(step.consumed);
    switch (step.kind) {
      case http::ChunkedDecoder::Kind::Data:
        chunk_data_ = step.data;  // stays in place: the buffer is filled again only when this is consumed
        break;
      case http::ChunkedDecoder::Kind::End:
        return end();
      case http::ChunkedDecoder::Kind::Malformed:
        return fail(step.fault);
      case http::ChunkedDecoder::Kind::NeedMore: {
        const ReadStatus filled = fill();
        if (filled == ReadStatus::End) return fail(http::Fault::None);
        if (filled != ReadStatus::Data) return filled;
        break;
      }
    }
  }
  data = chunk_data_;
  return ReadStatus::Data;
}

ReadStatus H1BodyReader::peek_to_end(std::span<const char>& data) {
  if (buffer_.empty()) {
    const ReadStatus filled = fill();
    if (filled == ReadStatus::End) return end();
    if (filled != ReadStatus::Data) return filled;
  }
  data = buffer_.unread();
  return ReadStatus::Data;
}

void H1BodyReader::consume(std::size_t bytes) {
  bytes_read_ += bytes;
  if (framing_.kind == http::Framing::Kind::Chunked) {
    chunk_data_ = chunk_data_.subspan(bytes);
    return;
  }
  buffer_.consume(bytes);
  if (framing_.kind != http::Framing::Kind::Length) return;
  left_ -= bytes;
  if (left_ == 0) state_ = State::Ended;
}

const http::Fields& H1BodyReader::trailers() const { return decoder_ ? decoder_->trailers() : kNoFields; }

void H1BodyWriter::start(http::Framing framing, bool sends_body) {
  framing_ = sends_body ? framing : http::Framing::none();
  left_ = framing_.length;
  chunk_left_ = 0;
  finished_ = false;
  aborted_ = false;
  offered_ = taken_ = false;
  bytes_written_ = 0;
}

void H1BodyWriter::stage(std::string_view text) {
  std::memcpy(buffer_.reserve(text.size()), text.data(), text.size());
  buffer_.commit(text.size());
}

BodyWriter::Written H1BodyWriter::try_write(std::span<const char> data) {
  Written written;
  switch (framing_.kind) {
    case http::Framing::Kind::None:
      return {WriteStatus::Ok, data.size()};  // what a response to HEAD would have held
    case http::Framing::Kind::Length:
      written = send_now(data.first(std::min<std::uint64_t>(data.size(), left_)));
      left_ -= written.bytes;
      break;
    case http::Framing::Kind::Chunked:
      if (chunk_left_ == 0) {
        chunk_left_ = data.size();
        stage(http::chunk_header(chunk_left_).view());
      }
      written = send_now(data.first(std::min<std::uint64_t>(data.size(), chunk_left_)));
      chunk_left_ -= written.bytes;
      if (chunk_left_ == 0) stage(http::kChunkEnd);
      break;
    default:
      written = send_now(data);
  }
  bytes_written_ += written.bytes;
  return written;
}

BodyWriter::Written H1BodyWriter::send_now(std::span<const char> data) {
  if (data.size() <= kCopyBytes && buffer_.size() + data.size() <= BufferPool::kBlockBytes - 256) {
    stage({data.data(), data.size()});
    return {WriteStatus::Ok, data.size()};
  }
  const auto staged = buffer_.unread();
  std::array<iovec, 2> parts;
  std::size_t count = 0;
  if (!staged.empty()) parts[count++] = {const_cast<char*>(staged.data()), staged.size()};
  parts[count++] = {const_cast<char*>(data.data()), data.size()};
  offered_ = true;
  const auto result = stream_.try_write({parts.data(), count});
  if (result.status == net::IoStatus::WouldBlock) return {WriteStatus::WouldBlock};
  if (result.status != net::IoStatus::Ok) return {WriteStatus::Failed};
  taken_ = true;
  const std::size_t of_staged = std::min(result.bytes, staged.size());
  buffer_.consume(of_staged);
  return {WriteStatus::Ok, result.bytes - of_staged};
}

bool H1BodyWriter::finish(const http::Fields& trailers) {
  if (finished_) return true;
  if (left_ != 0 || chunk_left_ != 0) return false;
  finished_ = true;
  if (framing_.kind == http::Framing::Kind::Chunked) {
    if (trailers.empty()) {
      stage(http::kLastChunk);
    } else {
      std::string text;
      http::append_last_chunk(text, trailers);
      stage(text);
    }
  }
  return true;
}

WriteStatus H1BodyWriter::flush() {
  while (!buffer_.empty()) {
    offered_ = true;
    const auto staged = buffer_.unread();
    const iovec part{const_cast<char*>(staged.data()), staged.size()};
    const auto result = stream_.try_write({&part, 1});
    if (result.status == net::IoStatus::WouldBlock) return WriteStatus::WouldBlock;
    if (result.status != net::IoStatus::Ok) return WriteStatus::Failed;
    taken_ = true;
    buffer_.consume(result.bytes);
  }
  buffer_.release_if_empty();
  if (finished_ && framing_.kind == http::Framing::Kind::Tunnel) stream_.shutdown_write();
  return WriteStatus::Ok;
}

}  // namespace cardea::conn
