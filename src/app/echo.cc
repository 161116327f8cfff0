// SPDX-License-Identifier: Apache-2.0
#include "app/echo.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "app/echo_reply.h"
#include "app/signals.h"
#include "app/websocket.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/x509.h"
#include "base/x509_issue.h"
#include "http/framing.h"
#include "http/grpc.h"
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

std::string_view field(const http::RequestHead& request, std::string_view name) {
  const http::Field* found = request.fields.find(name);
  return found ? found->value : std::string_view();
}

// Waits for so long, unless the client goes.
async::Task<void> pause(conn::Exchange& exchange, std::chrono::milliseconds delay) {
  if (delay.count() <= 0) co_return;
  const auto deadline = exchange.loop().after(static_cast<std::uint64_t>(delay.count()));
  while (!exchange.client_gone()) {
    const auto wake = co_await async::wait_any(exchange.loop(), deadline, exchange.client_changed());
    if (wake != async::Wake::Signalled) break;
  }
}

// Every byte of the body as it comes. False: it was cut short, in either direction.
async::Task<bool> send_body_back(conn::Exchange& exchange) {
  conn::BodyReader& reader = exchange.request_body();
  for (;;) {
    std::span<const char> data;
    const conn::ReadStatus status = reader.peek(data);
    if (status == conn::ReadStatus::End) co_return true;
    if (status == conn::ReadStatus::Failed) co_return false;
    if (status == conn::ReadStatus::Data) {
      const bool sent = co_await send(exchange, {data.data(), data.size()});
      if (!sent) co_return false;
      reader.consume(data.size());
      continue;
    }
    const bool flushed = co_await conn::flush(exchange.loop(), exchange.response_body(), exchange.loop().after(kPatience));
    if (!flushed) co_return false;
    const auto wake = co_await async::wait_any(exchange.loop(), async::kNever, reader.ready(), exchange.client_changed());
    if (wake == async::Wake::Ended || exchange.client_gone()) co_return false;
  }
}

// Metadata says what is wished for: x-echo-grpc-status: a status at once, with no message; x-echo-delay: 500ms.
async::Task<void> echo_grpc(conn::Exchange& exchange, std::string_view name) {
  const http::RequestHead& request = exchange.request;
  co_await pause(exchange, base::parse_duration(field(request, "x-echo-delay")).value_or(std::chrono::milliseconds(0)));
  http::ResponseHead head;
  head.status = 200;
  head.fields.append(http::HeaderId::ContentType, request.fields.get(http::HeaderId::ContentType));
  head.fields.append("x-echo-name", name);
  if (const std::string_view encoding = field(request, "grpc-encoding"); !encoding.empty()) head.fields.append("grpc-encoding", encoding);
  for (const auto& [header, value] : wish_of(request).fields) head.fields.append(header, value);
  const std::string_view status = field(request, "x-echo-grpc-status");
  if (!status.empty()) {
    head.fields.append(http::HeaderId::GrpcStatus, status);
    head.fields.append(http::HeaderId::GrpcMessage, "as wished");
    co_return co_await conn::respond_with_text(exchange, head, "", exchange.loop().after(kPatience));
  }
  head.body.chunked = request.version == http::Version::Http11;
  exchange.respond(head);
  const bool whole = co_await send_body_back(exchange);
  http::Fields trailers;
  trailers.append(http::HeaderId::GrpcStatus, "0");
  if (!whole || !exchange.response_body().finish(trailers)) exchange.response_body().abort();
}

}  // namespace

async::Task<void> EchoHandler::handle(conn::Exchange& exchange, const Client& client) {
  const auto upgrade = http::upgrade_kind(exchange.request);
  if (upgrade == http::UpgradeKind::WebSocket) {
    co_await echo_websocket(exchange);
  } else if (upgrade == http::UpgradeKind::Malformed) {
    co_await conn::respond_with_text(exchange, 400, "text/plain", "malformed WebSocket handshake",
                                     exchange.loop().after(kPatience));
  } else if (http::is_grpc(exchange.request)) {
    co_await echo_grpc(exchange, name_);
  } else {
    const auto body_bytes = co_await swallow_body(exchange);
    if (!body_bytes) exchange.close_after();
    co_await answer(exchange, client, body_bytes.value_or(exchange.request_body().bytes_read()));
  }
}

async::Task<void> EchoHandler::answer(conn::Exchange& exchange, const Client& client, std::uint64_t body_bytes) {
  const EchoWish wish = wish_of(exchange.request);
  co_await pause(exchange, wish.delay);
  std::string json;
  if (!wish.bytes) {
    EchoFacts facts{.name = name_, .client = client.address, .body_bytes = body_bytes, .tls = {}};
    if (client.tls) facts.tls = {client.tls->protocol(), client.tls->server_name(), client.tls->alpn()};
    write_echo(json, facts, exchange.request);
  }

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

// A certificate of its own making, for whoever does not ask who signed it.
base::Result<base::IssuedCertificate> make_certificate(const std::string& name) {
  const auto now = std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
  const base::Validity validity{now - std::chrono::hours(1), now + std::chrono::hours(24 * 365)};
  const auto ca = base::make_ca("cardea echo", validity);
  if (!ca) return std::unexpected(ca.error());
  return base::issue_server_certificate(*ca, {"localhost", name}, validity);
}

base::Result<base::IssuedCertificate> read_certificate(const EchoSettings& settings) {
  if (!settings.tls_certificate) return make_certificate(settings.name);
  auto chain = base::read_file(*settings.tls_certificate);
  if (!chain) return std::unexpected(chain.error());
  auto key = base::read_file(*settings.tls_key);
  if (!key) return std::unexpected(key.error());
  const auto checked = base::check_certificate(*chain, *key);
  if (!checked) return std::unexpected(checked.error());
  return base::IssuedCertificate{*std::move(chain), *std::move(key)};
}

base::Result<std::shared_ptr<const net::TlsContext>> tls_context(const EchoSettings& settings) {
  const auto certificate = read_certificate(settings);
  if (!certificate) return std::unexpected(certificate.error());
  net::TlsContextOptions options;
  options.certificates = {{certificate->certificate_pem, certificate->key_pem}};
  options.alpn = {"h2", "http/1.1"};
  options.session_scope = settings.name;
  return net::TlsContext::create(options);
}

base::Result<> listen(HttpServer& server, const EchoSettings& settings) {
  std::shared_ptr<const net::TlsContext> tls;
  if (!settings.listen_tls.empty()) {
    auto made = tls_context(settings);
    if (!made) return std::unexpected(made.error());
    tls = *std::move(made);
  }
  const auto on = [&](const ListenAt& at, const std::shared_ptr<const net::TlsContext>& with) -> base::Result<> {
    const auto bound = listen_at(at, [&](const base::IpPort& where) { return server.listen(where, with); });
    if (!bound) return std::unexpected(bound.error());
    base::log_info("echo {} listens on {}://{}/", settings.name, with ? "https" : "http", base::to_string(*bound));
    return {};
  };
  for (const ListenAt& at : settings.listen) {
    if (auto listens = on(at, nullptr); !listens) return listens;
  }
  for (const ListenAt& at : settings.listen_tls) {
    if (auto listens = on(at, tls); !listens) return listens;
  }
  return {};
}

async::Task<int> serve_echo(async::Loop& loop, const EchoSettings& settings) {
  EchoHandler handler(settings.name);
  HttpServer server(loop, handler, HttpServer::Versions::Http1And2);
  Signals signals(loop);
  const auto listens = listen(server, settings);
  const int code = listens ? 0 : 1;
  if (!listens) base::log_error("{}", listens.error().message);
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
