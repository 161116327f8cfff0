// SPDX-License-Identifier: Apache-2.0
#include "conn/h2_stream.h"

#include <algorithm>
#include <cstring>

#include "conn/h2_session.h"

namespace cardea::conn {

// --- Reading --------------------------------------------------------------------------------------------------------

ReadStatus H2BodyReader::peek(std::span<const char>& data) {
  if (held_) return ReadStatus::End;
  if (!buffer_.empty()) {
    data = buffer_.unread();
    return ReadStatus::Data;
  }
  if (fault_ != http::Fault::None) return ReadStatus::Failed;
  if (ended_) return ReadStatus::End;
  return stream_.closed() ? ReadStatus::Failed : ReadStatus::WouldBlock;
}

void H2BodyReader::consume(std::size_t bytes) {
  bytes_read_ += bytes;
  buffer_.consume(bytes);
  if (!rewindable_) buffer_.release_if_empty();
  if (bytes_read_ <= credited_) return;
  const std::uint64_t fresh = bytes_read_ - credited_;
  credited_ = bytes_read_;
  stream_.session_.consumed(stream_, fresh);
}

void H2BodyReader::rewind() {
  buffer_.unconsume_to(0);
  bytes_read_ = 0;
}

// Bytes that were consumed give way to new ones, so there is no way back from here.
void H2BodyReader::append(std::span<const char> data) {
  if (bytes_read_ != 0) rewindable_ = false;
  while (!data.empty()) {
    const auto room = buffer_.space(buffer_.size() + data.size());
    const std::size_t taken = std::min(room.size(), data.size());
    std::memcpy(room.data(), data.data(), taken);
    buffer_.commit(taken);
    data = data.subspan(taken);
  }
}

// --- Writing --------------------------------------------------------------------------------------------------------

bool H2BodyWriter::submit_head(bool end_stream) {
  const bool end = end_stream || discards_ || (ends_with_length_ && left_ == 0);
  if (end) end_sent_ = true;
  return stream_.send_staged_head(end);
}

BodyWriter::Written H2BodyWriter::try_write(std::span<const char> data) {
  if (discards_) return {WriteStatus::Ok, data.size()};
  if (aborted_ || finished_ || stream_.closed()) return {WriteStatus::Failed};
  if (has_length_) data = data.first(std::min<std::uint64_t>(data.size(), left_));
  if (data.empty()) return {has_length_ ? WriteStatus::Failed : WriteStatus::Ok};
  H2Session& session = stream_.session_;
  if (!session.room() || (session.by_backlog_.first && stream_.share_ == 0)) {
    session.block(stream_, H2Stream::Blocked::ByBacklog);
    return {WriteStatus::WouldBlock};
  }
  offered_ = data;
  taken_ = 0;
  if (stream_.head_staged()) submit_head(false);
  else session.resume(stream_);
  offered_ = {};
  if (stream_.closed() && !end_sent_) return {WriteStatus::Failed};
  if (taken_ == 0) {
    session.block(stream_, session.room() ? H2Stream::Blocked::ByWindow : H2Stream::Blocked::ByBacklog);
    return {WriteStatus::WouldBlock};
  }
  session.unblock(stream_);
  stream_.share_ -= std::min(stream_.share_, taken_);
  bytes_written_ += taken_;
  return {WriteStatus::Ok, taken_};
}

bool H2BodyWriter::finish(const http::Fields& trailers) {
  if (finished_) return true;
  if (has_length_ && left_ != 0 && !discards_) return false;
  finished_ = true;
  if (end_sent_ || aborted_ || stream_.closed()) return true;
  trailers_ = trailers.empty() ? nullptr : &trailers;
  if (stream_.head_staged()) submit_head(trailers_ == nullptr);
  else stream_.session_.resume(stream_);
  if (!end_sent_) stream_.session_.end_without_window(stream_);
  trailers_ = nullptr;
  return true;
}

WriteStatus H2BodyWriter::flush() {
  if (end_sent_) return WriteStatus::Ok;
  if (aborted_ || stream_.closed()) return WriteStatus::Failed;
  if (stream_.head_staged() && !submit_head(false)) return WriteStatus::Failed;
  if (end_sent_) return WriteStatus::Ok;
  if (stream_.session_.room()) return WriteStatus::Ok;
  stream_.session_.block(stream_, H2Stream::Blocked::ByBacklog);
  return WriteStatus::WouldBlock;
}

void H2BodyWriter::abort() {
  if (aborted_ || end_sent_) return;
  aborted_ = true;
  stream_.reset(stream_.session_.abort_code());
}

// --- The stream -----------------------------------------------------------------------------------------------------

H2Stream::H2Stream(H2Session& session, std::int32_t id) : session_(session), id_(id), reader_(*this, session.pool()), writer_(*this) {
  session_.link(*this);
}

H2Stream::~H2Stream() { session_.forget(*this); }

void H2Stream::reset(std::uint32_t error) {
  if (!closed_) session_.reset_stream(*this, error);
}

void H2Stream::start_writing(bool has_length, std::uint64_t length, bool ends_with_length, bool discards) {
  writer_.has_length_ = has_length;
  writer_.left_ = has_length ? length : 0;
  writer_.ends_with_length_ = has_length && ends_with_length;
  writer_.discards_ = discards;
}

std::uint64_t H2Stream::window_left() const { return session_.window_left(*this); }

void H2Stream::release_reading() {
  reader_.held_ = false;
  reader_.rewindable_ = false;
}

}  // namespace cardea::conn
