// SPDX-License-Identifier: Apache-2.0
// HttpServer: a small HTTP/1.1 server on one loop for the program's own pages: the admin address and `cardea echo`. Not the
// data plane: no routes, no TLS, no metrics.
#pragma once

#include <cstdint>
#include <string>

#include "async/loop.h"
#include "async/scope.h"
#include "async/stop.h"
#include "async/task.h"
#include "base/ip.h"
#include "base/result.h"
#include "conn/buffer.h"
#include "conn/exchange.h"
#include "http/limits.h"
#include "net/tcp.h"

namespace cardea::app {

// Answers requests: the admin pages, the echo. Called on the loop's thread, once per request.
class HttpHandler {
 public:
  virtual ~HttpHandler() = default;
  // Answers `exchange`; whatever it does not read of the body, and what it staged, the server deals with.
  virtual async::Task<void> handle(conn::Exchange& exchange, const net::SocketAddress& client) = 0;
};

class HttpServer {
 public:
  // `handler` and `loop` outlive the server.
  HttpServer(async::Loop& loop, HttpHandler& handler) : loop_(loop), handler_(handler), tasks_(loop) {}

  // Serves there from now on; the address with the real port when 0 was asked for.
  base::Result<base::IpPort> listen(const base::IpPort& address);

  // Accepts nothing more, closes idle connections, lets requests under way finish for `patience` milliseconds, and ends
  // the rest with the loop: nothing waits on it after that. Before the server dies.
  async::Task<void> stop(std::uint64_t patience);

 private:
  static async::Task<void> accept(HttpServer* self, net::Descriptor listening);
  static async::Task<void> serve(HttpServer* self, net::Descriptor socket, net::SocketAddress client);
  static async::Task<void> end_loop_after(HttpServer* self, std::uint64_t patience, async::Signal* done);
  async::Task<void> answer(conn::Exchange& exchange, const net::SocketAddress& client);

  async::Loop& loop_;
  HttpHandler& handler_;
  async::TaskScope tasks_;
  async::StopSource stop_;
  conn::BufferPool buffers_;
  http::Limits limits_;
};

}  // namespace cardea::app
