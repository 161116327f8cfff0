// SPDX-License-Identifier: Apache-2.0
// The server's side of an HTTP/2 connection (RFC 9113): gives out one exchange per stream, keeps the connection going while
// they are handled, and ends it properly: GOAWAY in two steps, and no stream cut.
//
//   while (auto exchange = co_await server.next(stop)) scope.spawn(serve_stream, ..., std::move(exchange));
//   co_await scope.close();
//
//   // in the task: a head with a fault is answered with its status, see H2Exchange::fault()
//   ... handle it as any Exchange ...
//   co_await exchange->finish(deadline);
//   ... everything about the request is done; what is left is the client's ...
//   co_await exchange->take_rest(deadline);
//
// next() is what moves the connection's bytes: call it again at once. After it gave nullptr every stream is closed, and
// their tasks find that out.
//
// One thread. The server outlives its exchanges; an idle connection owns no buffer.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "async/stop.h"
#include "async/task.h"
#include "base/memory_pool.h"
#include "conn/exchange.h"
#include "conn/h2_session.h"
#include "http/h2_reader.h"

namespace cardea::conn {

class H2Exchange;

struct H2ServerOptions {
  H2Options session;
  std::uint64_t head_timeout_ms = 0;  // from a field list's first byte to its end, and for the preface; 0: none
  std::uint64_t idle_timeout_ms = 0;  // without a stream; 0: none
  std::uint64_t drain_step_ms = 1000; // how long clients may take to hear that GOAWAY comes
  std::uint32_t max_requests = 0;     // then the connection drains; 0: no limit
};

class H2Server final : private H2Session::Owner {
 public:
  // All outlive this.
  H2Server(net::Stream& stream, BufferPool& pool, const http::Limits& limits, const H2ServerOptions& options);
  ~H2Server();

  // What was read of the connection before it was known to be HTTP/2.
  void receive_first(std::span<const char> bytes) { session_.receive_first(bytes); }

  // The next request; nullptr when the connection is over. `stop`: the connection is to drain.
  async::Task<std::unique_ptr<H2Exchange>> next(async::StopToken stop);

  // After the end: why it was the client's fault; empty when it was not. See H2Session::fault().
  std::string_view fault() const;
  // The client is still there, and may not have read everything: linger() before closing.
  bool may_linger() const { return !session_.broken(); }
  async::Task<void> linger(async::Deadline deadline);

  // Streams since the last call, for counters.
  struct Counts {
    std::uint64_t opened = 0;
    std::uint64_t refused = 0;  // too many at once
    std::uint64_t reset = 0;    // by the client before their end
    std::uint64_t stalled = 0;  // reset by us, because the client took nothing
  };
  Counts take_counts() { return std::exchange(counts_, {}); }

 private:
  friend class H2Exchange;
  H2Stream* accept_stream(std::int32_t id) override;
  void on_request(H2Stream& stream) override;
  void on_ping_acknowledged() override { drain_step_until_ = 0; }

  std::unique_ptr<H2Exchange> take_ready();
  void drain();
  void check_times();
  async::Deadline deadline() const;

  net::Stream& stream_;
  const http::Limits& limits_;
  const H2ServerOptions& options_;
  H2Session session_;
  std::unique_ptr<H2Exchange> incoming_;  // its first field list is not complete
  std::deque<std::unique_ptr<H2Exchange>> ready_;
  Counts counts_;
  std::uint64_t accepted_ = 0;
  std::uint32_t live_ = 0;  // exchanges, also of streams that are closed already
  async::Deadline idle_since_;
  bool draining_ = false;
  async::Deadline drain_step_until_ = async::kNever;
  std::string_view fault_;
};

class H2Exchange final : public Exchange, public H2Stream {
 public:
  H2Exchange(H2Server& server, std::int32_t id);
  ~H2Exchange();
  static void* operator new(std::size_t bytes) { return base::allocate_pooled(bytes); }
  static void operator delete(void* place, std::size_t bytes) { base::free_pooled(place, bytes); }

  // What is wrong with the request; it is to be refused, not handled.
  http::Fault fault() const { return fault_; }
  // When its field list began.
  std::uint64_t began() const { return began_; }
  // After it was answered, or could not be: sends what is left of the response.
  async::Task<void> finish(async::Deadline deadline);
  // After that: a request that is still coming is not wanted, and its stream reset (NO_ERROR, RFC 9113 section 8.1). But a
  // client that is reset while it sends may throw away the answer that it has (curl up to 7.88): it gets until the deadline to
  // find the answer and to end by itself, within the window that it has, since nothing more is consumed.
  async::Task<void> take_rest(async::Deadline deadline);

  BodyReader& request_body() override { return reader(); }
  void inform(const http::ResponseHead& head) override;
  void respond(http::ResponseHead& head) override;
  bool take_back() override;
  BodyWriter& response_body() override { return writer(); }
  // Raised at whatever comes on the stream, as a connection of HTTP/1 is.
  async::Signal& client_changed() override { return reader().ready(); }
  bool client_gone() const override { return closed() && !end_sent(); }
  async::Loop& loop() override { return session_.loop(); }

 private:
  void on_field(std::string_view name, std::string_view value) override;
  bool on_fields_end(bool end_stream) override;
  bool send_staged_head(bool end_stream) override;
  bool head_staged() const override { return staged_; }
  bool may_end() const;

  H2Server& server_;
  http::H2RequestReader head_reader_;
  std::optional<http::H2TrailerReader> trailer_reader_;
  http::ResponseHead response_;  // staged
  http::Fault fault_ = http::Fault::None;
  std::uint64_t began_;
  bool head_read_ = false;
  bool staged_ = false;
};

}  // namespace cardea::conn
