// SPDX-License-Identifier: Apache-2.0
#include "conn/h2_session.h"

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

namespace cardea::conn {
namespace {

// How much one receive() reads before others have their turn.
constexpr int kReadsPerTurn = 4;
// What a stream that waited for the backlog may write before the next one that waits.
constexpr std::size_t kShare = 16 * 1024;
// The connection's own window. Its bytes are given back as they come: only a stream that is not read is held back.
constexpr std::int32_t kConnectionWindow = 1024 * 1024;
// A field list so far over the announced limit is an attack; below that it is undone and refused.
constexpr std::size_t kMaxListFactor = 4;

std::uint8_t* bytes_of(std::string_view text) { return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data())); }

std::string_view text_of(const std::uint8_t* data, std::size_t size) { return {reinterpret_cast<const char*>(data), size}; }

// The list as the library wants it; valid until the next call.
std::vector<nghttp2_nv>& name_values(const http::H2FieldList& fields, std::uint8_t flags) {
  thread_local std::vector<nghttp2_nv> values;
  values.clear();
  for (const auto& [name, value] : fields) values.push_back({bytes_of(name), bytes_of(value), name.size(), value.size(), flags});
  return values;
}
// For lists that are serialised before the call returns.
constexpr std::uint8_t kInPlace = NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE;

bool is_fault_of_peer(std::uint32_t code) {
  return code != NGHTTP2_NO_ERROR && code != NGHTTP2_INTERNAL_ERROR && code != NGHTTP2_CANCEL;
}

std::string_view fault_of_code(std::uint32_t code) {
  switch (code) {
    case NGHTTP2_FLOW_CONTROL_ERROR:
      return "flow_control";
    case NGHTTP2_FRAME_SIZE_ERROR:
      return "frame_size";
    case NGHTTP2_COMPRESSION_ERROR:
      return "compression";
    case NGHTTP2_ENHANCE_YOUR_CALM:
      return "other_frames";
    default:
      return "protocol";
  }
}

}  // namespace

struct H2Callbacks {
  static H2Session& session_of(void* user) { return *static_cast<H2Session*>(user); }
  static H2Stream* stream_of(nghttp2_session* session, std::int32_t id) {
    return static_cast<H2Stream*>(nghttp2_session_get_stream_user_data(session, id));
  }

  static int refuse_flood(H2Session& session) {
    session.fault_ = flood_name(session.guard_.overdrawn());
    return NGHTTP2_ERR_CALLBACK_FAILURE;
  }

  static int on_begin_frame(nghttp2_session*, const nghttp2_frame_hd* frame, void* user) {
    H2Session& session = session_of(user);
    if (!session.guard_.allow_frame(frame->type, frame->flags, frame->length, session.loop().now())) return refuse_flood(session);
    if (frame->type != NGHTTP2_HEADERS || session.options_.role != H2Role::Server) return 0;
    const std::int32_t id = frame->stream_id;
    if (id % 2 == 1 && id > session.highest_) {
      session.highest_ = id;
      ++session.begun_;
      return 0;
    }
    return session.may_come_on(id) ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE;
  }

  static int on_begin_headers(nghttp2_session* library, const nghttp2_frame* frame, void* user) {
    H2Session& session = session_of(user);
    session.reading_since_ = session.loop().now();
    session.list_bytes_ = 0;
    session.first_list_ = frame->headers.cat == NGHTTP2_HCAT_REQUEST;
    session.receiving_ = stream_of(library, frame->hd.stream_id);
    if (!session.first_list_) return 0;
    session.receiving_ = session.owner_.accept_stream(frame->hd.stream_id);
    if (session.receiving_) {
      nghttp2_session_set_stream_user_data(library, frame->hd.stream_id, session.receiving_);
      return 0;
    }
    nghttp2_submit_rst_stream(library, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_REFUSED_STREAM);
    return 0;
  }

  static int on_header(nghttp2_session*, const nghttp2_frame*, const std::uint8_t* name, std::size_t name_size,
                       const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* user) {
    H2Session& session = session_of(user);
    session.list_bytes_ += name_size + value_size + 32;
    if (session.list_bytes_ > kMaxListFactor * session.options_.max_header_list_bytes) {
      session.fault_ = flood_name(H2Flood::FieldList);
      return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
    if (session.receiving_) session.receiving_->on_field(text_of(name, name_size), text_of(value, value_size));
    return 0;
  }

  // What the library finds no field at all makes the message malformed, too.
  static int on_invalid_header(nghttp2_session*, const nghttp2_frame*, const std::uint8_t*, std::size_t, const std::uint8_t*,
                               std::size_t, std::uint8_t, void*) {
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  }

  static int on_frame(nghttp2_session* library, const nghttp2_frame* frame, void* user) {
    H2Session& session = session_of(user);
    switch (frame->hd.type) {
      case NGHTTP2_HEADERS:
        return on_fields_end(session, library, frame);
      case NGHTTP2_DATA:
        return on_data_end(session, library, frame);
      case NGHTTP2_SETTINGS:
        if ((frame->hd.flags & NGHTTP2_FLAG_ACK) == 0) {
          session.reading_since_ = async::kNever;
          session.owner_.on_settings();
        }
        return 0;
      case NGHTTP2_PING:
        if ((frame->hd.flags & NGHTTP2_FLAG_ACK) != 0) session.owner_.on_ping_acknowledged();
        return 0;
      case NGHTTP2_GOAWAY:
        session.owner_.on_goaway(frame->goaway.last_stream_id);
        return 0;
      default:
        return 0;
    }
  }

  static int on_fields_end(H2Session& session, nghttp2_session* library, const nghttp2_frame* frame) {
    session.reading_since_ = async::kNever;
    H2Stream* stream = std::exchange(session.receiving_, nullptr);
    if (!stream) return 0;
    const bool end = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    if (!stream->on_fields_end(end)) {
      nghttp2_submit_rst_stream(library, NGHTTP2_FLAG_NONE, stream->id(), NGHTTP2_PROTOCOL_ERROR);
      return 0;
    }
    if (end) end_body(session, *stream);
    else stream->reader_.ready_.raise(session.loop());
    if (session.first_list_) session.owner_.on_request(*stream);
    return 0;
  }

  static int on_data_end(H2Session& session, nghttp2_session* library, const nghttp2_frame* frame) {
    const bool end = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    const bool only_padding = frame->hd.length != 0 && frame->hd.length <= frame->data.padlen;
    if (!end && only_padding && !session.guard_.allow(H2Flood::EmptyData, session.loop().now())) return refuse_flood(session);
    H2Stream* stream = stream_of(library, frame->hd.stream_id);
    if (stream && end) end_body(session, *stream);
    return 0;
  }

  static void end_body(H2Session& session, H2Stream& stream) {
    stream.reader_.ended_ = true;
    stream.reader_.ready_.raise(session.loop());
  }

  // The library resets the stream, or ends the connection, for what it found.
  static int on_invalid_frame(nghttp2_session* library, const nghttp2_frame* frame, int, void* user) {
    H2Session& session = session_of(user);
    if (frame->hd.type == NGHTTP2_HEADERS) session.reading_since_ = async::kNever;
    if (H2Stream* stream = stream_of(library, frame->hd.stream_id)) stream->reader_.fault_ = http::Fault::LengthMismatch;
    return 0;
  }

  static int on_data(nghttp2_session* library, std::uint8_t, std::int32_t id, const std::uint8_t* data, std::size_t size, void* user) {
    H2Session& session = session_of(user);
    H2Stream* stream = stream_of(library, id);
    if (!stream) return nghttp2_session_consume(library, id, size) == NGHTTP2_ERR_NOMEM ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
    const std::string_view text = text_of(data, size);
    stream->reader_.append({text.data(), text.size()});
    stream->reader_.ready_.raise(session.loop());
    nghttp2_session_consume_connection(library, size);
    return 0;
  }

  static int on_close(nghttp2_session* library, std::int32_t id, std::uint32_t error, void* user) {
    if (H2Stream* stream = stream_of(library, id)) session_of(user).close_stream(*stream, error);
    return 0;
  }

  static int on_sent(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    H2Session& session = session_of(user);
    if (frame->hd.type == NGHTTP2_RST_STREAM) session.resets_[session.next_reset_++ % session.resets_.size()] = frame->hd.stream_id;
    // A peer that makes us reset its streams does no better than one that resets them.
    if (frame->hd.type == NGHTTP2_RST_STREAM && is_fault_of_peer(frame->rst_stream.error_code) &&
        !session.guard_.allow(H2Flood::Resets, session.loop().now())) {
      session.overdrawn_ = true;
    }
    if (frame->hd.type == NGHTTP2_GOAWAY && frame->goaway.error_code != NGHTTP2_NO_ERROR && session.fault_.empty()) {
      session.fault_ = fault_of_code(frame->goaway.error_code);
    }
    return 0;
  }

  // How much of what a stream offers goes into its next DATA frame. `most`: what the peer's windows and frame size allow.
  static ssize_t read_data(nghttp2_session* library, std::int32_t id, std::uint8_t*, std::size_t most, std::uint32_t* flags,
                           nghttp2_data_source*, void* user) {
    H2Session& session = session_of(user);
    H2Stream* stream = stream_of(library, id);
    if (!stream) return NGHTTP2_ERR_DEFERRED;
    H2BodyWriter& writer = stream->writer_;
    if (writer.offered_.empty() || !session.room()) {
      if (writer.finished_ && writer.offered_.empty()) return end_data(session, library, *stream, flags);
      if (stream->blocked_ == H2Stream::Blocked::ByWindow) session.unblock(*stream);
      writer.ready_.raise(session.loop());
      return NGHTTP2_ERR_DEFERRED;
    }
    const std::size_t size = std::min(most, writer.offered_.size());
    if (size < writer.offered_.size() && size < H2FloodGuard::kSmallWindow) {
      if (!session.guard_.allow(H2Flood::SmallWindows, session.loop().now())) session.overdrawn_ = true;
    } else {
      session.guard_.progress();
    }
    *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    if (writer.has_length_) {
      writer.left_ -= size;
      if (writer.left_ == 0 && writer.ends_with_length_) {
        *flags |= NGHTTP2_DATA_FLAG_EOF;
        writer.end_sent_ = true;
      }
    }
    return static_cast<ssize_t>(size);
  }

  static ssize_t end_data(H2Session& session, nghttp2_session* library, H2Stream& stream, std::uint32_t* flags) {
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    H2BodyWriter& writer = stream.writer_;
    if (writer.trailers_) {
      http::TextArena texts;
      http::write_h2_trailers(*writer.trailers_, texts, session.list_);
      const auto& values = name_values(session.list_, NGHTTP2_NV_FLAG_NONE);
      if (!values.empty()) {
        *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
        if (nghttp2_submit_trailer(library, stream.id(), values.data(), values.size()) != 0) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
      }
    }
    session.unblock(stream);
    writer.end_sent_ = true;
    writer.ready_.raise(session.loop());
    return 0;
  }

  static int send_data(nghttp2_session* library, nghttp2_frame* frame, const std::uint8_t* head, std::size_t size,
                       nghttp2_data_source*, void* user) {
    constexpr std::size_t kFrameHead = 9;
    H2Session& session = session_of(user);
    H2Stream* stream = stream_of(library, frame->hd.stream_id);
    if (!stream || size > stream->writer_.offered_.size()) return NGHTTP2_ERR_CALLBACK_FAILURE;
    H2BodyWriter& writer = stream->writer_;
    session.output_.append(text_of(head, kFrameHead));
    session.output_.append(writer.offered_.first(size));
    writer.offered_ = writer.offered_.subspan(size);
    writer.taken_ += size;
    return 0;
  }

  // Frames of unknown types were counted when they began, and mean nothing.
  static int ignore_extension(nghttp2_session*, void**, const nghttp2_frame_hd*, void*) { return NGHTTP2_ERR_CANCEL; }

  static nghttp2_session_callbacks* all() {
    static nghttp2_session_callbacks* const made = [] {
      nghttp2_session_callbacks* callbacks = nullptr;
      if (nghttp2_session_callbacks_new(&callbacks) != 0) std::abort();
      nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks, on_begin_frame);
      nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin_headers);
      nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
      nghttp2_session_callbacks_set_on_invalid_header_callback(callbacks, on_invalid_header);
      nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
      nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks, on_invalid_frame);
      nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
      nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
      nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_sent);
      nghttp2_session_callbacks_set_send_data_callback(callbacks, send_data);
      nghttp2_session_callbacks_set_unpack_extension_callback(callbacks, ignore_extension);
      return callbacks;
    }();
    return made;
  }
};

namespace {

nghttp2_session* make_session(const H2Options& options, H2Session* user) {
  nghttp2_option* option = nullptr;
  if (nghttp2_option_new(&option) != 0) std::abort();
  nghttp2_option_set_no_auto_window_update(option, 1);
  nghttp2_option_set_no_closed_streams(option, 1);
  constexpr int kFirstUnknownType = 0xa;
  for (int type = kFirstUnknownType; type <= 0xff; ++type) nghttp2_option_set_user_recv_extension_type(option, static_cast<std::uint8_t>(type));
  // The guard counts first and says why; these stand behind it.
  nghttp2_option_set_stream_reset_rate_limit(option, ~0u, ~0u);
  nghttp2_option_set_max_continuations(option, options.floods.max_continuations ? options.floods.max_continuations + 1 : ~0u);
  // The guard and the backlog bound what is acknowledged.
  nghttp2_option_set_max_outbound_ack(option, 10'000);
  nghttp2_option_set_max_send_header_block_length(option, 1024 * 1024);
  nghttp2_session* session = nullptr;
  const int made = options.role == H2Role::Server
                       ? nghttp2_session_server_new2(&session, H2Callbacks::all(), user, option)
                       : nghttp2_session_client_new2(&session, H2Callbacks::all(), user, option);
  if (made != 0) std::abort();
  nghttp2_option_del(option);
  return session;
}

void submit_settings(nghttp2_session* session, const H2Options& options) {
  std::array<nghttp2_settings_entry, 6> entries;
  std::size_t count = 0;
  const auto add = [&](std::int32_t id, std::uint32_t value) { entries[count++] = {id, value}; };
  add(NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, options.stream_window_bytes);
  add(NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, options.max_header_list_bytes);
  if (options.role == H2Role::Server) {
    if (options.connect_protocol) add(NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1);
  } else {
    add(NGHTTP2_SETTINGS_ENABLE_PUSH, 0);
  }
  nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, entries.data(), count);
  nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0, kConnectionWindow);
}

// The library ends the connection for one stream too many, where RFC 9113 section 5.1.2 asks for an error of that stream:
// it is not told of the limit, which the owner keeps, and the peer is told here. `frame` is our first, SETTINGS.
std::string with_stream_limit(std::string_view frame, std::uint32_t limit) {
  std::string out(frame);
  out[2] = static_cast<char>(out[2] + 6);
  out += std::string_view("\0\x03", 2);
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(limit >> shift & 0xff);
  return out;
}

}  // namespace

H2Session::H2Session(net::Stream& stream, BufferPool& pool, const H2Options& options, Owner& owner)
    : stream_(stream),
      pool_(pool),
      options_(options),
      owner_(owner),
      session_(make_session(options, this)),
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
    if (result.status == net::IoStatus::Ok) feed({block, result.bytes});
    pool_.give(block);
    read_more_ = result.status == net::IoStatus::Ok;
    if (result.status == net::IoStatus::Failed) broken_ = true;
    if (result.status == net::IoStatus::End) {
      // What is whole is still answered.
      read_ended_ = true;
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
  if (goaway_sent_ || id % 2 == 0 || id > highest_) return true;
  if (nghttp2_session_find_stream(session_, id) || std::ranges::find(resets_, id) != resets_.end()) return true;
  const bool all_begun = begun_ == highest_ / 2 + 1;  // of 1, 3, 5...
  fault_ = "protocol";
  fault_code_ = all_begun ? NGHTTP2_STREAM_CLOSED : NGHTTP2_PROTOCOL_ERROR;
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
  if (taken >= 0) return;
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
    fault_ = "stalled";
    broken_ = true;
    for (H2Stream* stream = streams_; stream; stream = stream->next_) stream->stalled_ = true;
    return fail();
  }
  while (by_window_.first && by_window_.first->blocked_until_ <= now) {
    H2Stream& stream = *by_window_.first;
    unblock(stream);
    stream.stalled_ = true;
    reset_stream(stream, kH2Cancel);
  }
}

// --- The end --------------------------------------------------------------------------------------------------------

void H2Session::fail() {
  for (H2Stream* stream = streams_; stream; stream = stream->next_) close_stream(*stream, kH2Cancel);
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
  nghttp2_data_provider provider{.source = {.ptr = nullptr}, .read_callback = H2Callbacks::read_data};
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
  nghttp2_data_provider provider{.source = {.ptr = nullptr}, .read_callback = H2Callbacks::read_data};
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
