// SPDX-License-Identifier: Apache-2.0
// H2Session: its streams, and the field lists that they send.
#include <algorithm>

#include "conn/h2_callbacks.h"
#include "conn/h2_library.h"
#include "conn/h2_session.h"

namespace cardea::conn {
namespace {

// What a stream that waited for the backlog may write before the next one that waits.
constexpr std::size_t kShare = 16 * 1024;

}  // namespace

// --- Streams --------------------------------------------------------------------------------------------------------

void H2Session::link(H2Stream& stream) {
  stream.next_ = streams_;
  if (streams_) streams_->previous_ = &stream;
  streams_ = &stream;
  ++open_;
}

void H2Session::forget(H2Stream& stream) {
  unblock(stream);
  if (!stream.closed_) {
    reset_stream(stream, kH2Cancel);
    if (!stream.closed_) {
      if (stream.id_ != 0) nghttp2_session_set_stream_user_data(session_, stream.id_, nullptr);
      close_stream(stream, kH2Cancel);
    }
  }
  if (receiving_ == &stream) receiving_ = nullptr;
  if (stream.previous_) stream.previous_->next_ = stream.next_;
  else streams_ = stream.next_;
  if (stream.next_) stream.next_->previous_ = stream.previous_;
}

void H2Session::close_stream(H2Stream& stream, std::uint32_t error) {
  if (stream.closed_) return;
  stream.closed_ = true;
  stream.error_ = error;
  --open_;
  unblock(stream);
  if (stream.id_ != 0 && !dead_) nghttp2_session_set_stream_user_data(session_, stream.id_, nullptr);
  stream.reader_.ready_.raise(loop());
  stream.writer_.ready_.raise(loop());
}

void H2Session::reset_stream(H2Stream& stream, std::uint32_t error) {
  if (stream.id_ == 0 || dead_ || broken_) return close_stream(stream, error);
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream.id_, error);
  serialise();
  if (!in_library_) close_stream(stream, error);
  want_send();
}

void H2Session::consumed(H2Stream& stream, std::size_t bytes) {
  if (stream.closed_ || dead_) return;
  nghttp2_session_consume_stream(session_, stream.id_, bytes);
  if (nghttp2_session_want_write(session_)) want_send();
}

void H2Session::resume(H2Stream& stream) {
  nghttp2_session_resume_data(session_, stream.id_);
  serialise();
  want_send();
}

void H2Session::block(H2Stream& stream, H2Stream::Blocked why) {
  if (stream.closed_ || stream.blocked_ == why) return;
  unblock(stream);
  BlockedList& list = why == H2Stream::Blocked::ByWindow ? by_window_ : by_backlog_;
  stream.blocked_ = why;
  stream.blocked_previous_ = list.last;
  if (list.last) list.last->blocked_next_ = &stream;
  else list.first = &stream;
  list.last = &stream;
  if (why == H2Stream::Blocked::ByWindow) stream.blocked_until_ = loop().after_or_never(options_.stall_timeout_ms);
  // Whoever waits looks at the deadline, and at the room, again.
  want_send();
}

void H2Session::unblock(H2Stream& stream) {
  if (stream.blocked_ == H2Stream::Blocked::No) return;
  BlockedList& list = stream.blocked_ == H2Stream::Blocked::ByWindow ? by_window_ : by_backlog_;
  if (stream.blocked_previous_) stream.blocked_previous_->blocked_next_ = stream.blocked_next_;
  else list.first = stream.blocked_next_;
  if (stream.blocked_next_) stream.blocked_next_->blocked_previous_ = stream.blocked_previous_;
  else list.last = stream.blocked_previous_;
  stream.blocked_previous_ = stream.blocked_next_ = nullptr;
  stream.blocked_ = H2Stream::Blocked::No;
}

// As many as the room may serve, in the order in which they came to wait.
void H2Session::wake_writers() {
  std::size_t used = output_.size();
  while (by_backlog_.first && used < options_.max_backlog_bytes) {
    H2Stream& stream = *by_backlog_.first;
    unblock(stream);
    stream.share_ = kShare;
    used += kShare;
    stream.writer_.ready_.raise(loop());
  }
}

// --- Field lists ----------------------------------------------------------------------------------------------------

bool H2Session::send_response(H2Stream& stream, const http::H2FieldList& fields, bool end_stream) {
  if (stream.closed_ || dead_) return false;
  const auto& values = name_values(fields, kInPlace);
  const nghttp2_data_provider provider = h2_body_provider();
  const int submitted = nghttp2_submit_response(session_, stream.id_, values.data(), values.size(), end_stream ? nullptr : &provider);
  serialise();
  texts_.clear();
  want_send();
  return submitted == 0;
}

bool H2Session::send_informational(H2Stream& stream, const http::H2FieldList& fields) {
  if (stream.closed_ || dead_) return false;
  const auto& values = name_values(fields, kInPlace);
  const int submitted = nghttp2_submit_headers(session_, NGHTTP2_FLAG_NONE, stream.id_, nullptr, values.data(), values.size(), nullptr);
  serialise();
  texts_.clear();
  want_send();
  return submitted == 0;
}

bool H2Session::open_request(H2Stream& stream, const http::H2FieldList& fields, bool end_stream) {
  if (stream.id_ != 0 || stream.closed_ || dead_ || broken_ || read_ended_ || !nghttp2_session_check_request_allowed(session_)) return false;
  const auto most = nghttp2_session_get_remote_settings(session_, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
  if (open_ > most) return false;  // the stream itself counts
  const auto& values = name_values(fields, kInPlace);
  const nghttp2_data_provider provider = h2_body_provider();
  const auto id = nghttp2_submit_request(session_, nullptr, values.data(), values.size(), end_stream ? nullptr : &provider, &stream);
  if (id > 0) stream.id_ = id;
  serialise();
  texts_.clear();
  want_send();
  return id > 0;
}

std::uint32_t H2Session::may_open() const {
  if (dead_ || broken_ || read_ended_ || !nghttp2_session_check_request_allowed(session_)) return 0;
  const auto most = nghttp2_session_get_remote_settings(session_, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
  return most > open_ ? most - open_ : 0;
}

bool H2Session::peer_connects_protocols() const {
  return nghttp2_session_get_remote_settings(session_, NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL) == 1;
}

}  // namespace cardea::conn
