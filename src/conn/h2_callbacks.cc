// SPDX-License-Identifier: Apache-2.0
#include "conn/h2_callbacks.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "conn/h2_library.h"
#include "conn/h2_session.h"

namespace cardea::conn {
namespace {

// A field list so far over the announced limit is an attack; below that it is undone and refused.
constexpr std::size_t kMaxListFactor = 4;

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
    // Nobody may push to us: clients never, and backends heard it before they heard of any request (RFC 9113 section 6.6).
    if (frame->type == NGHTTP2_PUSH_PROMISE) {
      session.fault_ = "protocol";
      session.fault_code_ = kH2ProtocolError;
      return NGHTTP2_ERR_CALLBACK_FAILURE;
    }
    if (frame->type != NGHTTP2_HEADERS || session.options_.role != H2Role::Server) return 0;
    if (session.peer_streams_.begin(frame->stream_id)) return 0;
    return session.may_come_on(frame->stream_id) ? 0 : NGHTTP2_ERR_CALLBACK_FAILURE;
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
        session.progress_ = true;
        return on_fields_end(session, library, frame);
      case NGHTTP2_DATA:
        session.progress_ = true;
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
        session.owner_.on_goaway(frame->goaway.last_stream_id, frame->goaway.error_code);
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
    session.close_if_ended_by_us(stream);
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

  // What closes a stream in the library alone: on the wire it has ended at both ends.
  static bool is_for_library(nghttp2_session* library, const nghttp2_frame* frame) {
    if (frame->hd.type != NGHTTP2_RST_STREAM) return false;
    const H2Stream* stream = stream_of(library, frame->hd.stream_id);
    return stream && stream->writer_.ended_by_us_ && stream->reader_.ended_;
  }

  static int on_before_send(nghttp2_session* library, const nghttp2_frame* frame, void* user) {
    session_of(user).withheld_ = is_for_library(library, frame);
    return 0;
  }

  static int on_sent(nghttp2_session* library, const nghttp2_frame* frame, void* user) {
    H2Session& session = session_of(user);
    if (is_for_library(library, frame)) return 0;
    if (frame->hd.type == NGHTTP2_RST_STREAM) session.peer_streams_.reset(frame->hd.stream_id);
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
    if (writer.ended_by_us_) return NGHTTP2_ERR_DEFERRED;
    if (writer.offered_.empty() || !session.room()) {
      if (writer.finished_ && writer.offered_.empty()) return end_data(session, *stream, flags);
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

  static ssize_t end_data(H2Session& session, H2Stream& stream, std::uint32_t* flags) {
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    H2BodyWriter& writer = stream.writer_;
    switch (session.submit_trailers(stream)) {
      case H2Session::Trailers::None:
        break;
      case H2Session::Trailers::Submitted:
        *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
        break;
      case H2Session::Trailers::Failed:
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
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
      nghttp2_session_callbacks_set_before_frame_send_callback(callbacks, on_before_send);
      nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, on_sent);
      nghttp2_session_callbacks_set_send_data_callback(callbacks, send_data);
      nghttp2_session_callbacks_set_unpack_extension_callback(callbacks, ignore_extension);
      return callbacks;
    }();
    return made;
  }
};

nghttp2_session_callbacks* h2_callbacks() { return H2Callbacks::all(); }

nghttp2_data_provider h2_body_provider() { return {.source = {.ptr = nullptr}, .read_callback = H2Callbacks::read_data}; }

}  // namespace cardea::conn
