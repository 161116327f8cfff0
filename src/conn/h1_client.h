// SPDX-License-Identifier: Apache-2.0
// The client's side of an HTTP/1 connection (RFC 9112), towards backends: one request at a time, never pipelined.
//
// H1Client is the connection, which lives in a pool between requests and then owns no buffer. H1ClientExchange is one
// request and its response on it; nothing in it blocks.
#pragma once

#include <cstdint>
#include <memory>

#include "conn/body.h"
#include "conn/buffer.h"
#include "conn/client_exchange.h"
#include "conn/h1_body.h"
#include "http/h1_parser.h"
#include "http/limits.h"
#include "net/stream.h"

namespace cardea::conn {

class H1Client {
 public:
  // `pool` and `limits` (of responses) outlive this.
  H1Client(std::unique_ptr<net::Stream> stream, BufferPool& pool, const http::Limits& limits)
      : stream_(std::move(stream)), limits_(limits), in_(pool), out_(pool) {}

  net::Stream& stream() { return *stream_; }
  // Nothing was received since the last response, and the peer has not closed: it may carry another request.
  bool quiet() const { return !stream_->can_read() && !stream_->holds_unread() && !stream_->failed() && in_.empty(); }
  bool used_before() const { return requests_ > 1; }

  async::Deadline idle_until = async::kNever;  // for whoever pools it

 private:
  friend class H1ClientExchange;
  std::unique_ptr<net::Stream> stream_;
  const http::Limits& limits_;
  Buffer in_;
  Buffer out_;
  std::uint32_t requests_ = 0;
};

class H1ClientExchange final : public ClientExchange {
 public:
  explicit H1ClientExchange(H1Client& client);
  ~H1ClientExchange();

  void send_head(const http::RequestHead& request, bool upgrade) override;
  BodyWriter& request_body() override { return writer_; }
  Head try_read_head(http::ResponseHead& head) override;
  async::Signal& ready() override { return client_.stream_->readable(); }
  bool anything_received() const override { return received_; }
  bool anything_sent() const override { return writer_.taken(); }
  Closing closing() const override { return Closing::Broken; }
  http::Fault fault() const override { return fault_; }
  BodyReader& response_body() override { return reader_; }
  void begin_tunnel() override;
  // The response ended, all of the request was sent, and both sides keep the connection.
  bool reusable() const;

 private:
  H1Client& client_;
  H1BodyReader reader_;
  H1BodyWriter writer_;
  http::ParseProgress progress_;
  http::Method method_ = http::Method::Other;
  http::Fault fault_ = http::Fault::None;
  bool received_ = false;
  bool keep_ = false;
};

}  // namespace cardea::conn
