// SPDX-License-Identifier: Apache-2.0
// HttpServer: a small HTTP server on one loop for the program's own pages: the admin address and `cardea echo`. Not the data
// plane: no routes, no metrics.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "async/loop.h"
#include "async/scope.h"
#include "async/stop.h"
#include "async/task.h"
#include "base/ip.h"
#include "base/result.h"
#include "conn/buffer.h"
#include "conn/exchange.h"
#include "conn/h2_server.h"
#include "http/limits.h"
#include "net/tcp.h"
#include "net/tls.h"

namespace cardea::app {

// Answers requests: the admin pages, the echo. Called on the loop's thread, once per request.
class HttpHandler {
 public:
  // Who asks, and how; lives as long as the connection.
  struct Client {
    std::string address;                        // "127.0.0.1:40112"
    const net::TlsServerStream* tls = nullptr;  // null: plain text
  };
  virtual ~HttpHandler() = default;
  // Answers `exchange`; whatever it does not read of the body, and what it staged, the server deals with.
  virtual async::Task<void> handle(conn::Exchange& exchange, const Client& client) = 0;
};

class HttpServer {
 public:
  enum class Versions : std::uint8_t { Http1, Http1And2 };  // HTTP/2 by ALPN, or without TLS by prior knowledge

  // `handler` and `loop` outlive the server.
  HttpServer(async::Loop& loop, HttpHandler& handler, Versions versions = Versions::Http1)
      : loop_(loop), handler_(handler), versions_(versions), tasks_(loop), front_(ticket_keys_) {}

  // Serves there from now on; the address with the real port when 0 was asked for. With `tls` by TLS alone.
  base::Result<base::IpPort> listen(const base::IpPort& address, std::shared_ptr<const net::TlsContext> tls = nullptr);

  // Accepts nothing more, closes idle connections, lets requests under way finish for `patience` milliseconds, and ends
  // the rest with the loop: nothing waits on it after that. Before the server dies.
  async::Task<void> stop(std::uint64_t patience);

 private:
  using Tls = std::shared_ptr<const net::TlsContext>;
  static async::Task<void> accept(HttpServer* self, net::Descriptor listening, Tls tls);
  static async::Task<void> serve(HttpServer* self, net::Descriptor socket, net::SocketAddress peer, Tls tls);
  async::Task<void> serve_tls(std::unique_ptr<net::Stream> tcp, HttpHandler::Client client, const net::TlsContext& context);
  async::Task<void> serve_h1(net::Stream& stream, const HttpHandler::Client& client);
  async::Task<void> serve_h2(net::Stream& stream, const HttpHandler::Client& client, std::string first);
  static async::Task<void> serve_stream(HttpServer* self, std::unique_ptr<conn::H2Exchange> exchange, const HttpHandler::Client* client);
  static async::Task<void> end_loop_after(HttpServer* self, std::uint64_t patience, async::Signal* done);
  async::Task<void> answer(conn::Exchange& exchange, const HttpHandler::Client& client);

  async::Loop& loop_;
  HttpHandler& handler_;
  const Versions versions_;
  async::TaskScope tasks_;
  async::StopSource stop_;
  conn::BufferPool buffers_;
  http::Limits limits_;
  net::TicketKeys ticket_keys_;
  net::TlsFront front_;
};

}  // namespace cardea::app
