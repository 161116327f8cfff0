// SPDX-License-Identifier: Apache-2.0
// H2Session: its streams, and the field lists that they send.
#include <algorithm>
#include <string>

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

std::uint64_t H2Session::window_left(const H2Stream& stream) const {
  const auto left = nghttp2_session_get_stream_local_window_size(session_, stream.id_);
  return left > 0 ? static_cast<std::uint64_t>(left) : 0;
}

// Read out of the writer, and on their way before this returns or the library does.
H2Session::Trailers H2Session::submit_trailers(H2Stream& stream) {
  const http::Fields* trailers = stream.writer_.trailers_;
  if (!trailers) return Trailers::None;
  http::TextArena texts;
  http::write_h2_trailers(*trailers, texts, list_);
  const auto& values = name_values(list_, NGHTTP2_NV_FLAG_NONE);
  if (values.empty()) return Trailers::None;
  return nghttp2_submit_trailer(session_, stream.id_, values.data(), values.size()) == 0 ? Trailers::Submitted : Trailers::Failed;
}

// The end of a body needs no window (RFC 9113 section 6.9), but the library makes it wait for one. Trailers it sends beside
// the DATA that waits; an empty DATA is made here, and the library is told when the other side has ended too.
void H2Session::end_without_window(H2Stream& stream) {
  if (stream.id_ == 0 || stream.closed_ || dead_ || broken_) return;
  switch (submit_trailers(stream)) {
    case Trailers::Submitted:
      break;
    case Trailers::Failed:
      return reset_stream(stream, abort_code());
    case Trailers::None: {
      const auto id = static_cast<std::uint32_t>(stream.id_);
      std::string frame("\0\0\0\0\1", 5);  // no payload, DATA, END_STREAM
      for (int shift = 24; shift >= 0; shift -= 8) frame += static_cast<char>(id >> shift & 0xff);
      output_.append(std::string_view(frame));
      stream.writer_.ended_by_us_ = true;
      break;
    }
  }
  stream.writer_.end_sent_ = true;
  unblock(stream);
  close_if_ended_by_us(stream);
  serialise();
  want_send();
}

// The library's way to close a stream is to reset it; that frame is withheld.
void H2Session::close_if_ended_by_us(H2Stream& stream) {
  if (!stream.writer_.ended_by_us_ || !stream.reader_.ended_) return;
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream.id_, kH2NoError);
  closing_ended_ = true;
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
  // A peer that has ended its side opens no window any more.
  if (why == H2Stream::Blocked::ByWindow) stream.blocked_until_ = read_ended_ ? loop().now() : loop().after_or_never(options_.stall_timeout_ms);
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
