// SPDX-License-Identifier: Apache-2.0
// H2Session: one HTTP/2 connection (RFC 9113) in either role, over libnghttp2, which only the session's own files see
// (h2_library, h2_callbacks, h2_session, h2_session_streams). It frames, keeps the windows and polices the peer; it starts
// no task and waits for nothing. Whoever owns it runs
//
//   for (;;) {
//     session.receive();      // what has come; tells the owner and the streams
//     ... start what the owner was told of ...
//     session.send();         // what was gathered, by one call
//     if (session.over()) break;
//     co_await async::wait_any(loop, session.deadline(), stream.readable(), stream.writable(), session.wanted());
//     session.check_deadline();
//   }
//   session.fail();           // every stream is closed now; when their exchanges have ended, the session may die
//
// A client opens a stream by making what derives from H2Stream with id 0 and calling open_request(); a server is given
// new ones by Owner::accept_stream(). h2_server.h is the server; its H2Exchange shows how to derive.
//
// One thread. Outlives its streams.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "conn/buffer.h"
#include "conn/h2_flood.h"
#include "conn/h2_peer_streams.h"
#include "conn/h2_stream.h"
#include "conn/output_queue.h"
#include "http/h2_writer.h"
#include "net/stream.h"

struct nghttp2_session;

namespace cardea::conn {

// Error codes that we send or look for (RFC 9113 section 7).
enum H2Error : std::uint32_t {
  kH2NoError = 0x0,
  kH2ProtocolError = 0x1,
  kH2InternalError = 0x2,
  kH2RefusedStream = 0x7,
  kH2Cancel = 0x8,
  kH2EnhanceYourCalm = 0xb,
  kH2Http11Required = 0xd,
};

enum class H2Role : std::uint8_t { Client, Server };

struct H2Options {
  H2Role role = H2Role::Server;
  std::uint32_t max_concurrent_streams = 128;         // that the peer may open
  std::uint32_t stream_window_bytes = 64 * 1024;      // of a body, that the peer may send before it is consumed
  std::uint32_t max_header_list_bytes = 64 * 1024;    // announced; who reads the list refuses what is over it
  std::size_t max_backlog_bytes = 64 * 1024;          // gathered and not taken by the connection
  std::uint64_t stall_timeout_ms = 60'000;            // nothing taken: of a stream, of the connection; 0: none
  bool connect_protocol = false;                      // RFC 8441
  H2FloodLimits floods = {};
};

class H2Session {
 public:
  // Told in the midst of receive(), where it must not call back.
  class Owner {
   public:
    // A peer's new stream, or nullptr: it is refused.
    virtual H2Stream* accept_stream(std::int32_t id) = 0;
    // The fields of the stream's first list are complete and were accepted by on_fields_end().
    virtual void on_request(H2Stream& stream) = 0;
    virtual void on_settings() {}
    // The peer takes no new streams; those above `last_id` were not looked at.
    virtual void on_goaway([[maybe_unused]] std::int32_t last_id, [[maybe_unused]] std::uint32_t error) {}
    virtual void on_ping_acknowledged() {}
    // Bytes came, and were looked at; among them HEADERS or DATA.
    virtual void on_heard([[maybe_unused]] bool progress) {}

   protected:
    ~Owner() = default;
  };

  // All outlive this.
  H2Session(net::Stream& stream, BufferPool& pool, const H2Options& options, Owner& owner);
  ~H2Session();
  H2Session(const H2Session&) = delete;
  H2Session& operator=(const H2Session&) = delete;

  // Bytes that were read before the session was there.
  void receive_first(std::span<const char> bytes) { feed(bytes); }
  void receive();
  void send();
  // Raised when there is something to send().
  async::Signal& wanted() { return wanted_; }
  async::Loop& loop() { return stream_.loop(); }
  BufferPool& pool() { return pool_; }

  // The connection can carry nothing more and everything that it could take was sent.
  bool over() const;
  // The connection broke, or the peer closed it.
  bool broken() const { return broken_; }
  // Why we end the connection, for counters and logs: "protocol_error", or a flood_name(). Empty: no fault of the peer.
  std::string_view fault() const { return fault_; }
  // Streams that are not closed.
  std::uint32_t open_streams() const { return open_; }
  // Since when the peer owes the rest of a field list, or of the connection's preface; kNever: it does not.
  async::Deadline reading_since() const { return reading_since_; }

  // There is more to receive or to send at once: yield to others instead of waiting.
  bool busy() const;
  async::Deadline deadline() const;
  void check_deadline();

  // Closes every stream that there is.
  void fail();
  // GOAWAY. The notice tells that one will follow and refuses nothing yet; the last one names the last stream that was
  // taken in, and streams above it are ignored (RFC 9113 section 6.8).
  void announce_goaway();
  void goaway(std::uint32_t error, std::string_view debug);
  bool goaway_sent() const { return goaway_sent_; }
  // GOAWAY, and the end of all streams: the connection cannot go on.
  void end(std::uint32_t error, std::string_view fault) { break_off(error, fault); }
  // The connection breaks, in our eyes: nothing more is sent.
  void give_up(std::string_view fault);
  // The owner is to look at its deadlines again.
  void look_again() { want_send(); }
  void ping();

  // Client: sends the request's list and gives the stream its id. False: none can be opened now.
  bool open_request(H2Stream& stream, const http::H2FieldList& fields, bool end_stream);
  // How many streams the peer lets us open beside those that are open.
  std::uint32_t may_open() const;
  // The peer speaks RFC 8441.
  bool peer_connects_protocols() const;

  // Scratch for whoever writes a field list.
  http::H2FieldList& list() { return list_; }
  http::TextArena& texts() { return texts_; }
  // Server: a final response's list, or an informational one's.
  bool send_response(H2Stream& stream, const http::H2FieldList& fields, bool end_stream);
  bool send_informational(H2Stream& stream, const http::H2FieldList& fields);

 private:
  friend class H2Stream;
  friend class H2BodyReader;
  friend class H2BodyWriter;
  friend struct H2Callbacks;

  void feed(std::span<const char> bytes);
  void give_library(std::span<const char> bytes);
  bool may_come_on(std::int32_t id);
  void serialise();
  void want_send();
  void break_off(std::uint32_t error, std::string_view fault);
  void link(H2Stream& stream);
  void forget(H2Stream& stream);
  void close_stream(H2Stream& stream, std::uint32_t error);
  bool may_read() const;
  void reset_stream(H2Stream& stream, std::uint32_t error);
  void consumed(H2Stream& stream, std::size_t bytes);
  std::uint64_t window_left(const H2Stream& stream) const;
  enum class Trailers : std::uint8_t { None, Submitted, Failed };
  Trailers submit_trailers(H2Stream& stream);
  void end_without_window(H2Stream& stream);
  void close_if_ended_by_us(H2Stream& stream);
  void resume(H2Stream& stream);
  void block(H2Stream& stream, H2Stream::Blocked why);
  void unblock(H2Stream& stream);
  void wake_writers();
  // What tells the peer that a body was given up.
  std::uint32_t abort_code() const { return options_.role == H2Role::Server ? kH2InternalError : kH2Cancel; }
  bool room() const { return output_.size() < options_.max_backlog_bytes; }

  net::Stream& stream_;
  BufferPool& pool_;
  const H2Options& options_;
  Owner& owner_;
  nghttp2_session* session_ = nullptr;
  OutputQueue output_;
  H2FloodGuard guard_;
  http::H2FieldList list_;
  http::TextArena texts_;
  async::Signal wanted_;
  std::string_view fault_;
  std::size_t list_bytes_ = 0;  // of the field list that is coming
  H2Stream* streams_ = nullptr;
  std::uint32_t open_ = 0;
  struct BlockedList {
    H2Stream* first = nullptr;
    H2Stream* last = nullptr;
  };
  BlockedList by_window_;
  BlockedList by_backlog_;
  H2Stream* receiving_ = nullptr;  // whose field list is coming
  bool first_list_ = false;        // ... and it is the stream's first
  async::Deadline reading_since_ = async::kNever;
  async::Deadline output_until_ = async::kNever;  // the connection has to take something of the output by then
  std::uint32_t fault_code_ = kH2EnhanceYourCalm;
  H2PeerStreams peer_streams_;  // server
  // Server: where in the peer's frames we are; first comes its preface of 24 bytes.
  std::size_t payload_left_ = 24;
  std::array<unsigned char, 9> frame_head_{};
  std::size_t frame_head_size_ = 0;
  bool began_ = false;  // our first frame is in the output
  bool broken_ = false;
  bool read_ended_ = false;
  bool read_more_ = true;  // the last read found something: the next may, too
  bool dead_ = false;  // libnghttp2 takes nothing more: only what is in the output may still go
  bool goaway_sent_ = false;
  bool wanting_ = false;
  bool in_library_ = false;
  bool progress_ = false;  // HEADERS or DATA came
  bool withheld_ = false;  // the library's frame is not to be sent
  bool closing_ended_ = false;  // the library is to be told of streams that have ended
  bool overdrawn_ = false;  // found while sending
};

}  // namespace cardea::conn
