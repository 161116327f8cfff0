// SPDX-License-Identifier: Apache-2.0
// The server's side of an HTTP/1 connection (RFC 9112): waits for requests, reads their heads, frames their responses,
// keeps the connection usable for the next one or ends it properly.
//
//   while (co_await server.wait_for_request(...) == Waited::Bytes) {
//     H1Exchange exchange(server);
//     const auto read = co_await exchange.read_head(...);   // Request, or why there is none
//     ... answer it ...
//     const bool again = co_await exchange.finish(...);
//   }
//   co_await server.linger(...);
//
// One thread. While it waits for a request it owns no buffer; everything of a request lives in its H1Exchange.
#pragma once

#include <cstdint>
#include <string>

#include "async/stop.h"
#include "async/task.h"
#include "conn/buffer.h"
#include "conn/exchange.h"
#include "conn/h1_body.h"
#include "http/framing.h"
#include "http/h1_parser.h"
#include "http/limits.h"
#include "net/stream.h"

namespace cardea::conn {

class H1Server {
 public:
  // `stream`, `pool` and `limits` outlive this.
  H1Server(net::Stream& stream, BufferPool& pool, const http::Limits& limits)
      : stream_(stream), limits_(limits), in_(pool), out_(pool) {}

  enum class Waited : std::uint8_t {
    Bytes,    // something of a request is here
    Closed,   // the client closed or reset the connection between requests
    Idle,     // the deadline passed
    Stopped,  // the token was stopped, or the loop ended, and nothing has arrived
  };
  async::Task<Waited> wait_for_request(async::Deadline deadline, async::StopToken stop);

  // After the first Bytes of a connection: what it speaks; waits for as much as it takes to tell. What was read stays unread.
  // Http2 begins with its preface (RFC 9113 section 3.4). Neither: a first line of three words of which none is a version of
  // HTTP, such as another protocol's preface: no answer of ours would be understood.
  enum class Protocol : std::uint8_t { Http1, Http2, Neither };
  async::Task<Protocol> tell_protocol(async::Deadline deadline);
  std::string take_unread();

  // Before closing a connection whose client may still be sending: tells it that we are done and discards what comes, for
  // a while, so that it can read our last response instead of a reset.
  async::Task<void> linger(async::Deadline deadline);

 private:
  friend class H1Exchange;
  net::Stream& stream_;
  const http::Limits& limits_;
  Buffer in_;
  Buffer out_;
  std::uint32_t pipelined_ = 0;  // requests since the last one that was waited for
};

class H1Exchange final : public Exchange {
 public:
  explicit H1Exchange(H1Server& server);
  ~H1Exchange();

  enum class Read : std::uint8_t {
    Request,    // `request` is complete
    Closed,     // the client went away within the head, or sent only an empty line
    Malformed,  // fault() says why and with what status to refuse; respond, then close
    TimedOut,
    Ended,
  };
  async::Task<Read> read_head(async::Deadline deadline);
  http::Fault fault() const { return fault_; }

  // After the response was staged: sends it and makes the connection ready for the next request. False: close it (after
  // linger(), unless cut()).
  async::Task<bool> finish(async::Deadline deadline);
  // The response could not be sent whole: the connection must be closed at once.
  bool cut() const { return writer_.aborted(); }
  // Only a reset tells the client that the response was cut: it ends with the connection.
  bool cut_unseen() const { return cut() && writer_.framing().kind == http::Framing::Kind::UntilClose; }

  BodyReader& request_body() override { return reader_; }
  void inform(const http::ResponseHead& head) override;
  void respond(http::ResponseHead& head) override;
  bool take_back() override;
  BodyWriter& response_body() override { return writer_; }
  async::Signal& client_changed() override { return server_.stream_.changed(); }
  bool client_gone() const override { return server_.stream_.failed(); }
  async::Loop& loop() override { return server_.stream_.loop(); }

 private:
  async::Task<bool> discard_request_body(async::Deadline deadline);
  bool waits_for_continue() const {
    return http::expectation(request) != http::Expectation::None && reader_.bytes_read() == 0;
  }

  H1Server& server_;
  H1BodyReader reader_;
  H1BodyWriter writer_;
  http::Fault fault_ = http::Fault::None;
  std::size_t staged_before_ = 0;  // the response's head
};

}  // namespace cardea::conn
