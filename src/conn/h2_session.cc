// SPDX-License-Identifier: Apache-2.0
// H2Session: its bytes, both ways, and its end. See h2_session_streams.cc for its streams.
#include "conn/h2_session.h"

#include <algorithm>
#include <string>
#include <utility>

#include "conn/h2_library.h"

namespace cardea::conn {
namespace {

// How much one receive() reads before others have their turn.
constexpr int kReadsPerTurn = 4;

}  // namespace

H2Session::H2Session(net::Stream& stream, BufferPool& pool, const H2Options& options, Owner& owner)
    : stream_(stream),
      pool_(pool),
      options_(options),
      owner_(owner),
      session_(make_library_session(options, this)),
      output_(pool),
      guard_(options.floods, stream.loop().now()),
      reading_since_(stream.loop().now()) {
  submit_settings(session_, options_);
  wanting_ = true;
}

H2Session::~H2Session() { nghttp2_session_del(session_); }

// --- Bytes ----------------------------------------------------------------------------------------------------------

// A peer that does not take what we have for it is not read.
bool H2Session::may_read() const {
  return !dead_ && !broken_ && !read_ended_ && output_.size() < 2 * options_.max_backlog_bytes;
}

void H2Session::receive() {
  for (int i = 0; i < kReadsPerTurn && may_read(); ++i) {
    char* const block = pool_.take();
    const auto result = stream_.try_read({block, BufferPool::kBlockBytes});
    if (result.status == net::IoStatus::Ok) {
      feed({block, result.bytes});
      owner_.on_heard(std::exchange(progress_, false));
    }
    pool_.give(block);
    read_more_ = result.status == net::IoStatus::Ok;
    if (result.status == net::IoStatus::Failed) broken_ = true;
    if (result.status == net::IoStatus::End) {
      // What is whole is still answered, as far as the windows go.
      read_ended_ = true;
      for (H2Stream* stream = by_window_.first; stream; stream = stream->blocked_next_) stream->blocked_until_ = loop().now();
      for (H2Stream* stream = streams_; stream; stream = stream->next_) {
        if (!stream->reader_.ended()) close_stream(*stream, kH2Cancel);
      }
    }
    if (result.status != net::IoStatus::Ok) break;
  }
  if (stream_.failed()) broken_ = true;
  if (broken_) fail();
}

// The library forgets closed streams and ignores what comes on them. That is right for those that we reset, whose peer
// could not know yet, and an error otherwise (RFC 9113 section 5.1).
bool H2Session::may_come_on(std::int32_t id) {
  if (goaway_sent_ || !peer_streams_.is_past(id)) return true;
  if (nghttp2_session_find_stream(session_, id) || peer_streams_.may_have_been_reset(id)) return true;
  fault_ = "protocol";
  fault_code_ = peer_streams_.all_begun() ? NGHTTP2_STREAM_CLOSED : NGHTTP2_PROTOCOL_ERROR;
  return false;
}

// Of DATA on a closed stream the library tells nothing: its frame heads are looked at here, when all before them is done.
void H2Session::feed(std::span<const char> bytes) {
  std::size_t fed = 0;
  for (std::size_t at = 0; at < bytes.size() && options_.role == H2Role::Server;) {
    if (payload_left_ != 0) {
      const std::size_t skipped = std::min(payload_left_, bytes.size() - at);
      payload_left_ -= skipped;
      at += skipped;
      continue;
    }
    frame_head_[frame_head_size_++] = static_cast<unsigned char>(bytes[at++]);
    if (frame_head_size_ < frame_head_.size()) continue;
    frame_head_size_ = 0;
    const auto byte = [&](std::size_t i) { return std::uint32_t{frame_head_[i]}; };
    payload_left_ = byte(0) << 16 | byte(1) << 8 | byte(2);
    if (frame_head_[3] != NGHTTP2_DATA) continue;
    const std::size_t begin = at < frame_head_.size() ? 0 : at - frame_head_.size();
    if (begin > fed) give_library(bytes.subspan(fed, begin - fed));
    fed = std::max(fed, begin);
    if (dead_) return;
    const auto id = static_cast<std::int32_t>((byte(5) & 0x7f) << 24 | byte(6) << 16 | byte(7) << 8 | byte(8));
    if (!may_come_on(id)) return break_off(fault_code_, fault_);
  }
  give_library(bytes.subspan(fed));
}

void H2Session::give_library(std::span<const char> bytes) {
  if (dead_ || bytes.empty()) return;
  in_library_ = true;
  const auto taken = nghttp2_session_mem_recv(session_, bytes_of({bytes.data(), bytes.size()}), bytes.size());
  in_library_ = false;
  if (taken >= 0) {
    if (std::exchange(closing_ended_, false)) serialise();
    return;
  }
  switch (taken) {
    case NGHTTP2_ERR_CALLBACK_FAILURE:
      return break_off(fault_code_, fault_);
    case NGHTTP2_ERR_FLOODED:
      return break_off(kH2EnhanceYourCalm, flood_name(H2Flood::Pings));
    case NGHTTP2_ERR_TOO_MANY_CONTINUATIONS:
      return break_off(kH2EnhanceYourCalm, flood_name(H2Flood::Continuations));
    case NGHTTP2_ERR_BAD_CLIENT_MAGIC:
      return break_off(kH2ProtocolError, "preface");
    default:
      return break_off(kH2InternalError, "library");
  }
}

// The library is not to be asked any more: the GOAWAY is ours.
void H2Session::break_off(std::uint32_t error, std::string_view fault) {
  if (dead_) return;
  fault_ = fault;
  const auto last = static_cast<std::uint32_t>(nghttp2_session_get_last_proc_stream_id(session_));
  std::string frame;
  const auto number = [&](std::uint64_t value, int bytes) {
    while (bytes-- > 0) frame += static_cast<char>(value >> (8 * bytes) & 0xff);
  };
  number(static_cast<std::uint32_t>(8 + fault.size()), 3);
  number(NGHTTP2_GOAWAY, 1);
  number(0, 1 + 4);
  number(last, 4);
  number(error, 4);
  frame += fault;
  output_.append(std::string_view(frame));
  dead_ = true;
  goaway_sent_ = true;
  fail();
  want_send();
}

void H2Session::serialise() {
  if (dead_ || broken_ || in_library_) return;
  in_library_ = true;
  for (;;) {
    const std::uint8_t* data = nullptr;
    const auto size = nghttp2_session_mem_send(session_, &data);
    if (size > 0) {
      if (std::exchange(withheld_, false)) continue;
      const std::string_view text = text_of(data, static_cast<std::size_t>(size));
      if (!began_ && options_.role == H2Role::Server) output_.append(std::string_view(with_stream_limit(text, options_.max_concurrent_streams)));
      else output_.append(text);
      began_ = true;
      continue;
    }
    in_library_ = false;
    if (overdrawn_) break_off(kH2EnhanceYourCalm, flood_name(guard_.overdrawn()));
    else if (size < 0) break_off(kH2InternalError, "library");
    return;
  }
}

void H2Session::send() {
  wanting_ = false;
  serialise();
  if (broken_) return;
  std::size_t sent = 0;
  if (output_.send(stream_, sent) == WriteStatus::Failed) {
    broken_ = true;
    return fail();
  }
  if (output_.empty()) output_until_ = async::kNever;
  else if (sent != 0 || output_until_ == async::kNever) output_until_ = loop().after_or_never(options_.stall_timeout_ms);
  wake_writers();
}

void H2Session::want_send() {
  if (wanting_) return;
  wanting_ = true;
  wanted_.raise(loop());
}

bool H2Session::busy() const { return wanting_ || (read_more_ && may_read()); }

bool H2Session::over() const {
  if (broken_) return true;
  if (!output_.empty()) return false;
  if (dead_ || (read_ended_ && open_ == 0)) return true;
  return !nghttp2_session_want_read(session_) && !nghttp2_session_want_write(session_);
}

async::Deadline H2Session::deadline() const {
  return by_window_.first ? std::min(output_until_, by_window_.first->blocked_until_) : output_until_;
}

void H2Session::check_deadline() {
  const auto now = loop().now();
  if (output_until_ <= now && !broken_) {
    for (H2Stream* stream = streams_; stream; stream = stream->next_) stream->stalled_ = true;
    return give_up("stalled");
  }
  while (by_window_.first && by_window_.first->blocked_until_ <= now) {
    H2Stream& stream = *by_window_.first;
    unblock(stream);
    stream.stalled_ = !read_ended_;
    reset_stream(stream, kH2Cancel);
  }
}

// --- The end --------------------------------------------------------------------------------------------------------

void H2Session::fail() {
  for (H2Stream* stream = streams_; stream; stream = stream->next_) close_stream(*stream, kH2Cancel);
}

void H2Session::give_up(std::string_view fault) {
  if (broken_) return;
  fault_ = fault;
  broken_ = true;
  fail();
}

void H2Session::announce_goaway() {
  if (dead_) return;
  nghttp2_submit_shutdown_notice(session_);
  want_send();
}

void H2Session::goaway(std::uint32_t error, std::string_view debug) {
  if (dead_ || goaway_sent_) return;
  goaway_sent_ = true;
  nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(session_), error, bytes_of(debug), debug.size());
  want_send();
}

void H2Session::ping() {
  if (dead_) return;
  nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, nullptr);
  want_send();
}

}  // namespace cardea::conn
