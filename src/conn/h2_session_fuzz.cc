// SPDX-License-Identifier: Apache-2.0
// Frames into a server's session, cut anywhere: whatever comes, the connection ends, every exchange ends, and what the session
// sent is whole frames.
//
// Input: a byte that says how much is read at once, then frames behind a preface and an empty SETTINGS.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "async/scope.h"
#include "conn/h2_server.h"
#include "net/pipe.h"

namespace cardea::conn {
namespace {

using async::kNever;
using async::Task;

void require(bool condition) {
  if (!condition) std::abort();
}

// Answers with what it got, as long as the client is there.
Task<void> answer(std::unique_ptr<H2Exchange> exchange) {
  async::Loop& loop = exchange->loop();
  http::ResponseHead head;
  head.status = exchange->fault() == http::Fault::None ? 200 : http::fault_status(exchange->fault());
  if (exchange->request.method == http::Method::Get && exchange->request.fields.has(http::HeaderId::Upgrade)) head.status = 101;
  require(exchange->fault() != http::Fault::None || exchange->request.method == http::Method::Connect || exchange->request.path.starts_with('/') ||
          exchange->request.path == "*");
  exchange->respond(head);
  Pump pump(exchange->request_body(), exchange->response_body());
  for (PumpStatus status = pump.run(); status != PumpStatus::Done; status = pump.run()) {
    if (status == PumpStatus::ReadFailed || status == PumpStatus::WriteFailed || exchange->client_gone() || loop.ended()) {
      exchange->response_body().abort();
      break;
    }
    if (status == PumpStatus::Busy) co_await loop.yield();
    else co_await async::wait_any(loop, kNever, exchange->request_body().ready(), exchange->response_body().ready(), exchange->client_changed());
  }
  co_await exchange->finish(kNever);
}

Task<void> serve(net::Stream* stream, BufferPool* pool, async::StopSource* stop, bool* ended) {
  http::Limits limits;
  H2ServerOptions options;
  options.session.connect_protocol = true;
  options.session.stall_timeout_ms = 0;
  H2Server server(*stream, *pool, limits, options);
  async::TaskScope scope(stream->loop());
  while (auto exchange = co_await server.next(async::StopToken(*stop))) scope.spawn(answer, std::move(exchange));
  co_await scope.close();
  *ended = true;
  stream->shutdown_write();
}

void check_frames(std::string_view sent) {
  while (sent.size() >= 9) {
    const auto byte = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(sent[i])); };
    const std::size_t size = byte(0) << 16 | byte(1) << 8 | byte(2);
    if (sent.size() < 9 + size) return;  // the connection broke within it
    sent.remove_prefix(9 + size);
  }
}

Task<void> run(async::Loop& loop, std::string_view bytes, std::size_t piece) {
  BufferPool pool;
  async::StopSource stop;
  bool ended = false;
  auto [client, server] = net::make_pipe(loop);
  server->set_read_piece(piece);
  async::TaskScope scope(loop);
  scope.spawn(serve, server.get(), &pool, &stop, &ended);
  const std::string input = std::string("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0", 33) + std::string(bytes);
  std::string sent;
  char buffer[4096];
  const auto read = [&] {
    for (;;) {
      const auto result = client->try_read(buffer);
      if (result.status != net::IoStatus::Ok) return;
      sent.append(buffer, result.bytes);
    }
  };
  for (std::string_view rest = input; !rest.empty() && !ended;) {
    const iovec part{const_cast<char*>(rest.data()), rest.size()};
    const auto result = client->try_write({&part, 1});
    if (result.status == net::IoStatus::Failed) break;
    rest.remove_prefix(result.bytes);
    read();
    co_await loop.yield();
  }
  for (int i = 0; i < 20 && !ended; ++i) {
    read();
    co_await loop.yield();
  }
  client->shutdown_write();
  for (int i = 0; i < 20 && !ended; ++i) {
    read();
    co_await loop.yield();
  }
  client->reset();
  co_await scope.close();
  require(ended);
  check_frames(sent);
}

}  // namespace
}  // namespace cardea::conn

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cardea;
  if (size == 0) return 0;
  async::Loop loop;
  loop.run(conn::run(loop, {reinterpret_cast<const char*>(data) + 1, size - 1}, data[0] == 0 ? 16 * 1024 : data[0]));
  return 0;
}
