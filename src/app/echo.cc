// SPDX-License-Identifier: Apache-2.0
#include "app/echo.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "app/echo_reply.h"
#include "app/signals.h"
#include "app/websocket.h"
#include "base/log.h"
#include "http/framing.h"
#include "http/upgrade.h"

namespace cardea::app {
namespace {

constexpr std::uint64_t kPatience = 60'000;     // without a byte, in either direction
constexpr std::uint64_t kStopPatience = 1'000;  // for requests under way

// Reads the whole body and counts it; nothing when the client failed to send it.
async::Task<std::optional<std::uint64_t>> swallow_body(conn::Exchange& exchange) {
  conn::BodyReader& body = exchange.request_body();
  if (http::expectation(exchange.request) == http::Expectation::Continue) {
    http::ResponseHead go_on;
    go_on.status = 100;
    exchange.inform(go_on);
    co_await conn::flush(exchange.loop(), exchange.response_body(), exchange.loop().after(kPatience));
  }
  while (true) {
    std::span<const char> data;
    const conn::ReadStatus status = body.peek(data);
    if (status == conn::ReadStatus::End) co_return body.bytes_read();
    if (status == conn::ReadStatus::Failed) co_return std::nullopt;
    if (status == conn::ReadStatus::Data) {
      body.consume(data.size());
      continue;
    }
    const auto wake = co_await async::wait_any(exchange.loop(), exchange.loop().after(kPatience), body.ready());
    if (wake != async::Wake::Signalled) co_return std::nullopt;
  }
}

// False when the client does not take it.
async::Task<bool> send(conn::Exchange& exchange, std::string_view data) {
  conn::BodyWriter& writer = exchange.response_body();
  while (!data.empty()) {
    const auto written = writer.try_write({data.data(), data.size()});
    data.remove_prefix(written.bytes);
    if (written.status == conn::WriteStatus::Failed) co_return false;
    if (written.status == conn::WriteStatus::Ok) continue;
    const auto wake = co_await async::wait_any(exchange.loop(), exchange.loop().after(kPatience), writer.ready());
    if (wake != async::Wake::Signalled) co_return false;
  }
  co_return true;
}

async::Task<bool> send_filler(conn::Exchange& exchange, std::uint64_t bytes) {
  static const std::string kFiller(64 * 1024, 'x');
  while (bytes > 0) {
    const auto piece = std::min<std::uint64_t>(bytes, kFiller.size());
    const bool sent = co_await send(exchange, std::string_view(kFiller).substr(0, piece));
    if (!sent) co_return false;
    bytes -= piece;
  }
  co_return true;
}

async::Task<void> echo_websocket(conn::Exchange& exchange) {
  http::ResponseHead head;
  head.status = 101;
  const std::string accept = http::websocket_accept(exchange.request.fields.get(http::HeaderId::SecWebSocketKey));
  head.fields.append(http::HeaderId::Upgrade, "websocket");
  head.fields.append(http::HeaderId::SecWebSocketAccept, accept);
  exchange.respond(head);
  conn::BodyReader& reader = exchange.request_body();
  conn::BodyWriter& writer = exchange.response_body();
  WebSocketEcho echo;
  std::string out;
  while (!echo.closed()) {
    const bool flushed = co_await conn::flush(exchange.loop(), writer, exchange.loop().after(kPatience));
    if (!flushed) co_return writer.abort();
    std::span<const char> data;
    const conn::ReadStatus status = reader.peek(data);
    if (status == conn::ReadStatus::WouldBlock) {
      const auto wake = co_await async::wait_any(exchange.loop(), async::kNever, reader.ready());
      if (wake == async::Wake::Ended) co_return writer.abort();
      continue;
    }
    if (status != conn::ReadStatus::Data) co_return writer.abort();
    out.clear();
    echo.receive({data.data(), data.size()}, out);
    reader.consume(data.size());
    const bool sent = co_await send(exchange, out);
    if (!sent) co_return writer.abort();
  }
  writer.finish({});
}

}  // namespace

async::Task<void> EchoHandler::handle(conn::Exchange& exchange, const net::SocketAddress& client) {
  const auto upgrade = http::upgrade_kind(exchange.request);
  if (upgrade == http::UpgradeKind::WebSocket) {
    co_await echo_websocket(exchange);
  } else if (upgrade == http::UpgradeKind::Malformed) {
    co_await conn::respond_with_text(exchange, 400, "text/plain", "malformed WebSocket handshake",
                                     exchange.loop().after(kPatience));
  } else {
    const auto body_bytes = co_await swallow_body(exchange);
    if (!body_bytes) exchange.close_after();
    co_await answer(exchange, client, body_bytes.value_or(exchange.request_body().bytes_read()));
  }
}

async::Task<void> EchoHandler::answer(conn::Exchange& exchange, const net::SocketAddress& client,
                                      std::uint64_t body_bytes) {
  const EchoWish wish = wish_of(exchange.request);
  if (wish.delay.count() > 0) {
    const auto deadline = exchange.loop().after(static_cast<std::uint64_t>(wish.delay.count()));
    while (!exchange.client_gone()) {
      const auto wake = co_await async::wait_any(exchange.loop(), deadline, exchange.client_changed());
      if (wake != async::Wake::Signalled) break;
    }
  }
  std::string json;
  if (!wish.bytes) write_echo(json, {name_, client.text(), body_bytes}, exchange.request);

  http::ResponseHead head;
  head.status = wish.status;
  head.body.has_length = true;
  head.body.length = wish.bytes.value_or(json.size());
  head.fields.append(http::HeaderId::ContentType, wish.bytes ? "application/octet-stream" : "application/json");
  for (const auto& [name, value] : wish.fields) head.fields.append(name, value);
  exchange.respond(head);
  const bool sent = wish.bytes ? co_await send_filler(exchange, *wish.bytes) : co_await send(exchange, json);
  if (!sent || !exchange.response_body().finish({})) exchange.response_body().abort();
}

namespace {

async::Task<int> serve_echo(async::Loop& loop, const EchoSettings& settings) {
  EchoHandler handler(settings.name);
  HttpServer server(loop, handler);
  Signals signals(loop);
  int code = 0;
  for (const base::IpPort& address : settings.listen) {
    const auto bound = server.listen(address);
    if (!bound) {
      base::log_error("{}", bound.error().message);
      code = 1;
      break;
    }
    base::log_info("echo {} listens on http://{}/", settings.name, base::to_string(*bound));
  }
  while (code == 0) {
    const auto signal = co_await signals.next(async::kNever);
    if (signal && *signal != SIGHUP) break;
  }
  co_await server.stop(kStopPatience);
  co_return code;
}

}  // namespace

int run_echo(const EchoSettings& settings) {
  base::set_log_level(settings.log_level);
  async::Loop loop;
  return loop.run(serve_echo(loop, settings));
}

}  // namespace cardea::app
