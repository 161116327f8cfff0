// SPDX-License-Identifier: Apache-2.0
#include "proxy/serve_connection.h"

#include <string>

#include "base/clock.h"
#include "conn/h1_server.h"
#include "http/fault.h"
#include "net/tcp.h"
#include "net/tls.h"
#include "proxy/client_connection.h"
#include "proxy/handle_request.h"
#include "proxy/serve_h2.h"

namespace cardea::proxy {
namespace {

// How long an idle connection that is to end may still bring a request.
constexpr std::uint64_t kLastRequestMs = 1'000;

// Counts a connection while it lives.
class ConnectionCount {
 public:
  ConnectionCount(Worker& worker, WorkerBind& bind) : worker_(worker), bind_(bind) {
    ++bind_.connections;
    if (auto* counters = show()) counters->connections.add();
  }
  ConnectionCount(const ConnectionCount&) = delete;
  ConnectionCount& operator=(const ConnectionCount&) = delete;
  ~ConnectionCount() {
    --bind_.connections;
    show();
  }

 private:
  // A bind that was stopped may have a successor of the same name, whose counters are not ours.
  BindCounters* show() {
    auto* counters = bind_.stop.requested() ? nullptr : bind_counters(worker_, bind_);
    if (counters) counters->active_connections.set(bind_.connections);
    return counters;
  }

  Worker& worker_;
  WorkerBind& bind_;
};

class Selector final : public net::TlsSelector {
 public:
  Selector(const Tables& tables, const WorkerBind& bind) : tables_(tables), bind_(bind) {}
  const net::TlsContext* select(std::string_view server_name) override {
    const Bind* bind = find_bind(tables_, bind_);
    listener = bind ? bind->listener_for_sni(server_name) : nullptr;
    return listener ? tables_.tls->find(listener->id()) : nullptr;
  }
  const CompiledListener* listener = nullptr;

 private:
  const Tables& tables_;
  const WorkerBind& bind_;
};

// Whether the response must be the connection's last, for reasons of ours.
bool must_close(const Client& client, std::uint32_t requests) {
  const auto limit = client.settings().max_requests_per_connection;
  return client.bind.stop.requested() || (limit != 0 && requests >= limit);
}

enum class Next : std::uint8_t { Again, Linger, Close };

// One exchange, from the first byte of its head to the last of its response. Not inlined: the compiler would make its
// frame, with two message heads in it, a part of the connection's, which an idle connection would then keep.
[[gnu::noinline]] async::Task<Next> serve_exchange(Client& client, conn::H1Server& server, std::uint32_t requests) {
  Worker& worker = client.worker;
  conn::H1Exchange exchange(server);
  worker.counters().active_requests.add();
  const auto started = std::chrono::steady_clock::now();
  const auto head_deadline = worker.loop().after_or_never(milliseconds(client.settings().request_head_timeout));
  const auto read = co_await exchange.read_head(head_deadline);

  // Not before the head is here: what changes while it comes may take away the endpoints of a backend that left.
  const TablesHold tables(worker.tables());
  Request request(worker, exchange, tables, client.info);
  request.started = started;
  see_tables(client, *tables);
  request.bind = client.seen_bind;
  request.connection_listener = client.seen_listener;
  bool answered = true;
  if (read == conn::H1Exchange::Read::Request) {
    if (must_close(client, requests)) exchange.close_after();
    co_await handle_request(request);
  } else if (read == conn::H1Exchange::Read::Malformed) {
    co_await refuse_request(request, failure_of(exchange.fault()), http::fault_status(exchange.fault()));
  } else if (read == conn::H1Exchange::Read::TimedOut) {
    co_await refuse_request(request, {Reason::RequestHeadTimeout, ""}, describe(Reason::RequestHeadTimeout).status);
  } else {
    answered = false;
  }
  bool again = false;
  if (answered) {
    again = co_await exchange.finish(worker.loop().after(milliseconds(client.settings().body_idle_timeout) + kLingerMs));
    finish_request(request);
  }
  worker.counters().active_requests.sub();
  if (exchange.cut_unseen()) client.stream.reset_on_close();
  if (again) co_return Next::Again;
  co_return answered && !exchange.cut() && exchange.responded() ? Next::Linger : Next::Close;
}

async::Task<void> serve_h1(Client& client) {
  Worker& worker = client.worker;
  conn::H1Server server(client.stream, worker.buffers(), client.info.settings.request_limits);
  for (std::uint32_t requests = 1;; ++requests) {
    const auto idle = worker.loop().after_or_never(milliseconds(client.settings().idle_timeout));
    auto waited = co_await server.wait_for_request(idle, async::StopToken(client.bind.stop));
    // A request may be on its way: it is still answered, with `Connection: close`.
    if (waited == conn::H1Server::Waited::Stopped) {
      waited = co_await server.wait_for_request(worker.loop().after(kLastRequestMs), worker.never());
    }
    if (waited != conn::H1Server::Waited::Bytes) co_return;
    if (requests == 1 && !client.bind.tls) {
      const auto deadline = worker.loop().after_or_never(milliseconds(client.settings().request_head_timeout));
      const auto protocol = co_await server.tell_protocol(deadline);
      if (protocol == conn::H1Server::Protocol::Http2) co_await serve_h2(client, server.take_unread());
      if (protocol == conn::H1Server::Protocol::Neither) {
        if (auto* counters = bind_counters(worker, client.bind)) counters->failures.record(Reason::MalformedRequest);
      }
      if (protocol != conn::H1Server::Protocol::Http1) co_return;
    }
    const Next next = co_await serve_exchange(client, server, requests);
    if (next == Next::Again) continue;
    if (next == Next::Linger) co_await server.linger(worker.loop().after(kLingerMs));
    co_return;
  }
}

// Not inlined for the same reason: connections without TLS need none of it.
[[gnu::noinline]] async::Task<void> serve_tls(Worker& worker, WorkerBind& bind, std::unique_ptr<net::TcpStream> tcp, ClientInfo info) {
  net::TlsServerStream tls(std::move(tcp), worker.tls_front());
  TlsIdentity identity;
  {
    const TablesHold tables(worker.tables());
    Selector selector(*tables, bind);
    const auto deadline = worker.loop().after_or_never(milliseconds(info.settings.settings.tls_handshake_timeout));
    const auto handshake = co_await tls.accept(selector, deadline);
    if (handshake != net::TlsStream::Handshake::Done) {
      if (auto* counters = bind_counters(worker, bind)) {
        counters->tls_failed.add();
        counters->failures.record(Reason::TlsHandshake);
      }
      co_return;
    }
    auto& counters = selector.listener->series().counters.at(worker.index());
    (tls.resumed() ? counters.tls_resumed : counters.tls_full).add();
    identity = {selector.listener->id(), tls.server_name(), tables->tls->client_terms(selector.listener->id())};
  }
  Client client{.worker = worker, .bind = bind, .stream = tls, .info = info, .identity = identity};
  if (tls.alpn() == "h2") co_await serve_h2(client, {});
  else co_await serve_h1(client);
  tls.shutdown_write();
}

}  // namespace

async::Task<void> serve_connection(Worker& worker, WorkerBind& bind, net::Descriptor socket, net::SocketAddress peer) {
  const ConnectionCount count(worker, bind);
  const std::string ip = peer.ip();
  const std::string address = peer.text();
  const ClientInfo info{ip, address, bind.stop, settings_of(worker, bind)};
  auto tcp = std::make_unique<net::TcpStream>(worker.loop(), std::move(socket));
  if (bind.tls) {
    co_await serve_tls(worker, bind, std::move(tcp), info);
  } else {
    Client client{.worker = worker, .bind = bind, .stream = *tcp, .info = info, .identity = {}};
    co_await serve_h1(client);
  }
}

void count_refused_connection(Worker& worker, const WorkerBind& bind) {
  if (auto* counters = bind_counters(worker, bind)) counters->failures.record(Reason::TooManyConnections);
}

}  // namespace cardea::proxy
