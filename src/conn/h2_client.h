// SPDX-License-Identifier: Apache-2.0
// The client's side of an HTTP/2 connection (RFC 9113), towards backends: many requests at once.
//
// H2Client is the connection: the pool holds it, its own task moves its bytes (run(), spawned once by whoever made it), and
// every exchange on it holds it too. It ends when the backend says GOAWAY, breaks, answers no PING, or when it has had no
// exchange for too long; exchanges that are under way go on after a GOAWAY. H2ClientExchange is one request and its response, one stream.
//
// One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "async/task.h"
#include "base/memory_pool.h"
#include "conn/client_exchange.h"
#include "conn/h2_liveness.h"
#include "conn/h2_session.h"
#include "http/h2_reader.h"
#include "http/limits.h"
#include "net/stream.h"

namespace cardea::conn {

struct H2ClientOptions {
  H2Options session{.role = H2Role::Client, .floods = {}};
  std::uint32_t max_streams = 100;       // of one connection, if its backend allows as many
  std::uint64_t idle_timeout_ms = 0;     // without an exchange; 0: none
  H2LivenessLimits liveness;
};

class H2Client final : private H2Session::Owner {
 public:
  // `pool`, `limits` (of responses) and `options` outlive this. `scheme`: what requests say of the connection, static text.
  H2Client(std::unique_ptr<net::Stream> stream, BufferPool& pool, const http::Limits& limits, const H2ClientOptions& options,
           std::string_view scheme);
  ~H2Client();

  // Moves the connection's bytes until it is over. Every exchange has ended for its user by then, if not for its owner.
  static async::Task<void> run(std::shared_ptr<H2Client> client);

  // Another exchange may begin, beside the one that the connection was made for. Not before the backend has said how many.
  bool usable() const { return settled_ && !retired_ && live_ < options_.max_streams && session_.may_open() > 0; }
  // The backend has not spoken yet: worth waiting for spoke(), which is raised too when the connection ends.
  bool awaited() const { return !settled_ && !spent(); }
  async::Signal& spoke() { return spoke_; }
  // No exchange will ever begin here again.
  bool spent() const { return retired_ || over_ || session_.broken(); }
  // An exchange ended here: its backend does speak the protocol.
  bool used_before() const { return used_before_; }
  // No exchange begins here any more; ends with the last one.
  void retire();

 private:
  friend class H2ClientExchange;
  // Backends push nothing: that is switched off.
  H2Stream* accept_stream(std::int32_t) override { return nullptr; }
  void on_request(H2Stream&) override {}
  void on_settings() override {
    settled_ = true;
    spoke_.raise(stream_->loop());
  }
  void on_goaway(std::int32_t, std::uint32_t error) override {
    wants_http1_ = error == kH2Http11Required;
    retire();
  }
  void on_ping_acknowledged() override { liveness_.acknowledged(); }
  void on_heard(bool progress) override { liveness_.heard(stream_->loop().now(), progress); }

  bool idle_too_long() const;
  void look_for_backend();
  async::Deadline deadline() const;

  std::unique_ptr<net::Stream> stream_;
  const http::Limits& limits_;
  const H2ClientOptions& options_;
  std::string_view scheme_;
  H2Session session_;
  H2Liveness liveness_;
  std::uint32_t live_ = 0;  // exchanges
  std::uint64_t idle_since_;
  async::Signal spoke_;
  bool settled_ = false;
  bool used_before_ = false;
  bool retired_ = false;
  bool wants_http1_ = false;  // says its GOAWAY
  bool silent_ = false;       // it answered no PING
  bool over_ = false;
};

// A base of its own, so that it goes after the stream.
struct H2ClientHold {
  std::shared_ptr<H2Client> client_;
};

class H2ClientExchange final : public ClientExchange, private H2ClientHold, public H2Stream {
 public:
  explicit H2ClientExchange(std::shared_ptr<H2Client> client);
  ~H2ClientExchange();
  static void* operator new(std::size_t bytes) { return base::allocate_pooled(bytes); }
  static void operator delete(void* place, std::size_t bytes) { base::free_pooled(place, bytes); }

  // `request` stays as it is until the first byte of the body, or its end, or a flush() of it.
  void send_head(const http::RequestHead& request, bool upgrade) override;
  BodyWriter& request_body() override { return writer(); }
  Head try_read_head(http::ResponseHead& head) override;
  async::Signal& ready() override { return reader().ready(); }
  bool anything_received() const override { return received_; }
  bool anything_sent() const override { return id() != 0; }
  Closing closing() const override;
  http::Fault fault() const override { return fault_; }
  BodyReader& response_body() override { return reader(); }
  // There is no 101 in HTTP/2.
  void begin_tunnel() override {}

 private:
  // One field list that came: an informational head, or the final one.
  struct Received {
    Received(const http::Limits& limits) : reader(texts, limits, head) {}
    static void* operator new(std::size_t bytes) { return base::allocate_pooled(bytes); }
    static void operator delete(void* place, std::size_t bytes) { base::free_pooled(place, bytes); }
    http::TextArena texts;
    http::ResponseHead head;
    http::H2ResponseReader reader;
  };
  // Informational heads that wait to be looked at; more are too many.
  static constexpr std::size_t kMaxInformational = 16;

  void on_field(std::string_view name, std::string_view value) override;
  bool on_fields_end(bool end_stream) override;
  bool send_staged_head(bool end_stream) override;
  bool head_staged() const override { return staged_ != nullptr; }

  const http::RequestHead* staged_ = nullptr;
  http::Method method_ = http::Method::Other;
  bool open_ended_ = false;  // a body may follow the head
  std::unique_ptr<Received> coming_;
  std::vector<std::unique_ptr<Received>> informational_;
  std::unique_ptr<Received> taken_;  // what the caller's views point into
  std::unique_ptr<Received> final_;
  std::optional<http::H2TrailerReader> trailer_reader_;
  http::TextArena trailer_texts_;
  http::Fault fault_ = http::Fault::None;
  bool malformed_ = false;
  bool received_ = false;
  bool final_came_ = false;
};

}  // namespace cardea::conn
