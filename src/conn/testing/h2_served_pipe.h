// SPDX-License-Identifier: Apache-2.0
// For tests: an H2Server at the far end of a pipe, whose answers depend on the path.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "async/scope.h"
#include "conn/h2_server.h"
#include "net/pipe.h"

namespace cardea::conn::testing {

struct Served {
  std::string log;
  int running = 0;
};

inline async::Task<void> answer(Served* served, std::unique_ptr<H2Exchange> exchange) {
  ++served->running;
  const std::string path(exchange->request.path);
  http::ResponseHead head;
  head.status = 200;
  if (path == "/early") {
    head.body.has_length = true;
    exchange->respond(head);
    exchange->response_body().finish({});
  } else if (path == "/hints") {
    head.status = 103;
    exchange->inform(head);
    head.status = 200;
    exchange->respond(head);
    http::Fields trailers;
    trailers.append("X-Sum", "7");
    exchange->response_body().try_write({"body", 4});
    exchange->response_body().finish(trailers);
  } else if (path == "/never") {
    while (!exchange->client_gone() && !exchange->loop().ended()) {
      co_await async::wait_any(exchange->loop(), async::kNever, exchange->client_changed());
    }
    served->log += "gone ";
  } else if (path == "/big") {
    exchange->respond(head);
    const std::string piece(10'000, 'x');
    for (std::size_t sent = 0; sent < 300'000;) {
      const auto written = exchange->response_body().try_write({piece.data(), std::min<std::size_t>(piece.size(), 300'000 - sent)});
      sent += written.bytes;
      if (written.status == WriteStatus::Failed) break;
      if (written.status == WriteStatus::WouldBlock) co_await async::wait_any(exchange->loop(), async::kNever, exchange->response_body().ready());
    }
    exchange->response_body().finish({});
  } else if (path == "/hold") {
    while (!exchange->closed()) co_await async::wait_any(exchange->loop(), async::kNever, exchange->client_changed());
  } else {
    std::string body;
    for (;;) {
      std::span<const char> data;
      const ReadStatus status = exchange->request_body().peek(data);
      if (status == ReadStatus::Data) {
        body.append(data.data(), data.size());
        exchange->request_body().consume(data.size());
      } else if (status == ReadStatus::WouldBlock) {
        co_await async::wait_any(exchange->loop(), async::kNever, exchange->request_body().ready());
      } else {
        if (status == ReadStatus::Failed) body = "failed";
        break;
      }
    }
    co_await respond_with_text(*exchange, 200, "text/plain", std::to_string(body.size()), async::kNever);
  }
  co_await exchange->finish(async::kNever);
  --served->running;
}

inline async::Task<void> serve(net::Stream* stream, BufferPool* pool, async::StopSource* stop, Served* served) {
  const http::Limits limits;
  const H2ServerOptions options;
  H2Server server(*stream, *pool, limits, options);
  async::TaskScope scope(stream->loop());
  while (auto exchange = co_await server.next(async::StopToken(*stop))) scope.spawn(answer, served, std::move(exchange));
  co_await scope.close();
  served->log += "over";
  if (!server.fault().empty()) served->log += ":" + std::string(server.fault());
  stream->shutdown_write();
}

// `piece`: as many bytes the server gets by one read.
struct H2ServedPipe {
  explicit H2ServedPipe(async::Loop& on, std::size_t piece = 16 * 1024) : loop(on), scope(on) {
    auto [one, two] = net::make_pipe(loop);
    client_stream = std::move(one);
    server_stream = std::move(two);
    server_stream->set_read_piece(piece);
    scope.spawn(serve, server_stream.get(), &pool, &stop, &served);
  }
  async::Task<void> end() {
    client_stream->shutdown_write();
    client_stream->reset();
    co_await scope.close();
  }

  async::Loop& loop;
  BufferPool pool;
  async::StopSource stop;
  Served served;
  std::unique_ptr<net::PipeEnd> client_stream;
  std::unique_ptr<net::PipeEnd> server_stream;
  async::TaskScope scope;
};

}  // namespace cardea::conn::testing
