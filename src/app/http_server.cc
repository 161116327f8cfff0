// SPDX-License-Identifier: Apache-2.0
#include "app/http_server.h"

#include <fmt/core.h>

#include <utility>

#include "conn/h1_server.h"
#include "http/framing.h"

namespace cardea::app {
namespace {

constexpr std::uint64_t kIdle = 75'000;
constexpr std::uint64_t kHead = 15'000;
constexpr std::uint64_t kSend = 30'000;
constexpr std::uint64_t kLinger = 2'000;
// Before accepting again when there are no descriptors left.
constexpr std::uint64_t kAcceptPause = 100;

using Read = conn::H1Exchange::Read;

class OneContext final : public net::TlsSelector {
 public:
  explicit OneContext(const net::TlsContext& context) : context_(context) {}
  const net::TlsContext* select(std::string_view) override { return &context_; }

 private:
  const net::TlsContext& context_;
};

const conn::H2ServerOptions& http2_options() {
  static const conn::H2ServerOptions options = [] {
    conn::H2ServerOptions made;
    made.session.connect_protocol = true;
    made.head_timeout_ms = kHead;
    made.idle_timeout_ms = kIdle;
    return made;
  }();
  return options;
}

}  // namespace

base::Result<base::IpPort> HttpServer::listen(const base::IpPort& address, Tls tls) {
  const auto socket_address = net::SocketAddress::parse(base::to_string(address.address), address.port);
  if (!socket_address) return base::fail(fmt::format("{} is not an address to listen on", base::to_string(address)));
  // Its sockets share their port with whoever asks alike (SO_REUSEPORT); here a port that is taken is taken.
  auto free = address.port == 0 ? base::Result<>() : net::probe_tcp(*socket_address);
  auto listening = free ? net::listen_tcp(*socket_address) : std::unexpected(std::move(free).error());
  if (!listening) {
    return base::fail(fmt::format("cannot listen on {}: {}", base::to_string(address), listening.error().message));
  }
  const base::IpPort bound{address.address, net::SocketAddress::of_local(listening->get()).port()};
  tasks_.spawn(&HttpServer::accept, this, *std::move(listening), std::move(tls));
  return bound;
}

async::Task<void> HttpServer::accept(HttpServer* self, net::Descriptor listening, Tls tls) {
  net::TcpListener listener(self->loop_, std::move(listening));
  while (!self->stop_.requested() && !self->loop_.ended()) {
    net::TcpListener::Accepted accepted = listener.try_accept();
    if (accepted.status == net::IoStatus::Ok) {
      self->tasks_.spawn(&HttpServer::serve, self, std::move(accepted.socket), accepted.peer, tls);
    } else if (accepted.status == net::IoStatus::WouldBlock) {
      co_await async::wait_any(self->loop_, async::kNever, listener.acceptable(), self->stop_.signal());
    } else {
      co_await async::wait_any(self->loop_, self->loop_.after(kAcceptPause), self->stop_.signal());
    }
  }
}

async::Task<void> HttpServer::serve(HttpServer* self, net::Descriptor socket, net::SocketAddress peer, Tls tls) {
  HttpHandler::Client client{peer.text(), nullptr};
  auto tcp = std::make_unique<net::TcpStream>(self->loop_, std::move(socket));
  if (tls) {
    co_await self->serve_tls(std::move(tcp), std::move(client), *tls);
  } else {
    co_await self->serve_h1(*tcp, client);
  }
}

async::Task<void> HttpServer::serve_tls(std::unique_ptr<net::Stream> tcp, HttpHandler::Client client, const net::TlsContext& context) {
  net::TlsServerStream stream(std::move(tcp), front_);
  OneContext selector(context);
  const auto handshake = co_await stream.accept(selector, loop_.after(kHead));
  if (handshake != net::TlsStream::Handshake::Done) co_return;
  client.tls = &stream;
  if (stream.alpn() == "h2") {
    co_await serve_h2(stream, client, {});
  } else {
    co_await serve_h1(stream, client);
  }
  stream.shutdown_write();
}

async::Task<void> HttpServer::serve_h1(net::Stream& stream, const HttpHandler::Client& client) {
  conn::H1Server server(stream, buffers_, limits_);
  bool may_be_h2 = versions_ == Versions::Http1And2 && !client.tls;
  for (bool again = true; again;) {
    const auto waited = co_await server.wait_for_request(loop_.after(kIdle), async::StopToken(stop_));
    if (waited != conn::H1Server::Waited::Bytes) co_return;
    if (std::exchange(may_be_h2, false)) {
      const auto protocol = co_await server.tell_protocol(loop_.after(kHead));
      if (protocol == conn::H1Server::Protocol::Http2) co_return co_await serve_h2(stream, client, server.take_unread());
    }
    conn::H1Exchange exchange(server);
    const Read read = co_await exchange.read_head(loop_.after(kHead));
    if (read == Read::Closed || read == Read::Ended) co_return;
    if (stop_.requested()) exchange.close_after();
    if (read == Read::Request) {
      co_await answer(exchange, client);
    } else {
      const bool late = read == Read::TimedOut;
      co_await conn::respond_with_text(exchange, late ? 408 : http::fault_status(exchange.fault()), "text/plain",
                                       late ? "the request took too long" : http::fault_text(exchange.fault()),
                                       loop_.after(kSend));
    }
    again = co_await exchange.finish(loop_.after(kSend));
    if (exchange.cut()) co_return;
  }
  co_await server.linger(loop_.after(kLinger));
}

async::Task<void> HttpServer::serve_h2(net::Stream& stream, const HttpHandler::Client& client, std::string first) {
  conn::H2Server server(stream, buffers_, limits_, http2_options());
  async::TaskScope streams(loop_);
  server.receive_first(first);
  while (auto exchange = co_await server.next(async::StopToken(stop_))) {
    streams.spawn(&HttpServer::serve_stream, this, std::move(exchange), &client);
  }
  co_await streams.close();
  if (server.may_linger()) co_await server.linger(loop_.after(kLinger));
}

async::Task<void> HttpServer::serve_stream(HttpServer* self, std::unique_ptr<conn::H2Exchange> exchange, const HttpHandler::Client* client) {
  async::Loop& loop = self->loop_;
  if (exchange->fault() == http::Fault::None) {
    co_await self->answer(*exchange, *client);
  } else {
    co_await conn::respond_with_text(*exchange, http::fault_status(exchange->fault()), "text/plain",
                                     http::fault_text(exchange->fault()), loop.after(kSend));
  }
  co_await exchange->finish(loop.after(kSend));
  co_await exchange->take_rest(loop.after(kLinger));
}

async::Task<void> HttpServer::answer(conn::Exchange& exchange, const HttpHandler::Client& client) {
  if (http::expectation(exchange.request) == http::Expectation::Unknown) {
    co_await conn::respond_with_text(exchange, 417, "text/plain", "unknown expectation", loop_.after(kSend));
  } else {
    co_await handler_.handle(exchange, client);
  }
}

async::Task<void> HttpServer::end_loop_after(HttpServer* self, std::uint64_t patience, async::Signal* done) {
  const async::Wake wake = co_await async::wait_any(self->loop_, self->loop_.after(patience), *done);
  if (wake == async::Wake::TimedOut) self->loop_.end();
}

async::Task<void> HttpServer::stop(std::uint64_t patience) {
  stop_.request(loop_);
  async::TaskScope watch(loop_);
  async::Signal done;
  watch.spawn(&HttpServer::end_loop_after, this, patience, &done);
  co_await tasks_.close();
  done.raise(loop_);
  co_await watch.close();
}

}  // namespace cardea::app
