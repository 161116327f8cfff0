// SPDX-License-Identifier: Apache-2.0
#include "proxy/connect.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/ip.h"
#include "net/socket_address.h"
#include "net/tcp.h"
#include "net/tls_client.h"
#include "proxy/worker.h"

namespace cardea::proxy {
namespace {

std::uint64_t milliseconds(std::chrono::milliseconds duration) { return static_cast<std::uint64_t>(duration.count()); }

EndpointPools& pools_of(EndpointState& endpoint) {
  if (!endpoint.pool) endpoint.pool = std::make_shared<EndpointPools>();
  return *static_cast<EndpointPools*>(endpoint.pool.get());
}

const std::shared_ptr<EndpointConnections>& hold_connections_of(EndpointState& endpoint, const BackendTarget& target) {
  auto& by_tls = pools_of(endpoint).by_tls;
  const auto found = std::ranges::find(by_tls, target.tls_id(), &EndpointConnections::tls_id);
  if (found != by_tls.end()) return *found;
  by_tls.push_back(std::make_shared<EndpointConnections>());
  by_tls.back()->tls_id = target.tls_id();
  return by_tls.back();
}

EndpointConnections& connections_of(EndpointState& endpoint, const BackendTarget& target) {
  return *hold_connections_of(endpoint, target);
}

Failure failure_of(net::ConnectStatus status) {
  switch (status) {
    case net::ConnectStatus::Connected:
      return {};
    case net::ConnectStatus::TimedOut:
      return {Reason::ConnectTimeout, ""};
    case net::ConnectStatus::Failed:
      return {Reason::ConnectFailed, ""};
    case net::ConnectStatus::Ended:
      break;
  }
  return {Reason::Draining, ""};
}

// A stream to the endpoint that is ready for HTTP, and which HTTP.
struct Transport {
  std::unique_ptr<net::Stream> stream;
  bool http2 = false;
  std::string_view scheme = "http";
  Failure failure;
};

std::string_view alpn_of(plan::BackendProtocol protocol) {
  switch (protocol) {
    case plan::BackendProtocol::Http2:
      return net::kAlpnHttp2;
    case plan::BackendProtocol::Negotiated:
      return net::kAlpnBoth;
    case plan::BackendProtocol::Http1:
      break;
  }
  return net::kAlpnHttp1;
}

Failure failure_of(net::TlsHandshake handshake, const net::TlsStream& tls) {
  switch (handshake) {
    case net::TlsHandshake::Done:
      return {};
    case net::TlsHandshake::Failed:
      return {Reason::BackendTls, tls.cause()};
    case net::TlsHandshake::TimedOut:
      return {Reason::ConnectTimeout, "within the TLS handshake"};
    case net::TlsHandshake::Ended:
      break;
  }
  return {Reason::Draining, ""};
}

async::Task<Transport> begin_tls(std::unique_ptr<net::Stream> tcp, const BackendTarget& target,
                                 std::shared_ptr<net::TlsSessions> sessions, async::Deadline deadline) {
  auto tls = std::make_unique<net::TlsClientStream>(std::move(tcp), *target.tls->context);
  net::TlsPeer peer = target.tls->peer();
  peer.alpn_wire = alpn_of(target.protocol);
  Transport transport;
  transport.failure = failure_of(co_await tls->connect(peer, deadline, std::move(sessions)), *tls);
  transport.http2 = tls->alpn() == "h2";
  transport.scheme = "https";
  if (!transport.failure && !transport.http2 && target.protocol == plan::BackendProtocol::Http2) {
    transport.failure = {Reason::BackendTls, "the backend did not agree to h2"};
  }
  transport.stream = std::move(tls);
  co_return transport;
}

async::Task<Transport> open_transport(Worker& worker, const BackendTarget& target, EndpointState& endpoint,
                                      async::Deadline deadline) {
  Transport transport;
  // A backend that asks for TLS never gets plain text.
  if (target.backend.backend->tls && (!target.tls || !target.tls->context)) {
    transport.failure = {Reason::BackendInvalid, "TLS cannot be had as it is asked for"};
    co_return transport;
  }
  const auto peer = net::SocketAddress::parse(base::to_string(endpoint.address.address), endpoint.address.port);
  auto tcp = co_await net::connect_tcp(worker.loop(), *peer, deadline);
  transport.failure = failure_of(tcp.status);
  if (!transport.failure && target.tls) {
    auto& sessions = connections_of(endpoint, target).tls_sessions;
    if (!sessions) sessions = std::make_shared<net::TlsSessions>();
    co_return co_await begin_tls(std::move(tcp.stream), target, sessions, deadline);
  }
  transport.stream = std::move(tcp.stream);
  transport.http2 = target.protocol == plan::BackendProtocol::Http2;
  co_return transport;
}

async::Task<MadeConnection> connect_alone(Worker& worker, const BackendTarget& target, EndpointState& endpoint, async::Deadline deadline) {
  auto made = co_await open_transport(worker, target, endpoint, deadline);
  if (made.failure) co_return MadeConnection{{}, made.failure};
  target.backend.series->counters.at(worker.index()).connections.add();
  const EffectiveSettings& settings = *target.backend.settings;
  conn::ClientConnection connection;
  if (made.http2) {
    connection.h2 = std::make_shared<conn::H2Client>(std::move(made.stream), worker.buffers(), settings.response_limits,
                                                     settings.http2_client, made.scheme);
    worker.scope().spawn(conn::H2Client::run, connection.h2);
    connections_of(endpoint, target).pool.add(connection.h2);
  } else {
    connection.h1 = std::make_unique<conn::H1Client>(std::move(made.stream), worker.buffers(), settings.response_limits);
  }
  co_return MadeConnection{std::move(connection), {}};
}

// Many requests that come at once make one connection, not many.
async::Task<MadeConnection> connect_together(Worker& worker, const BackendTarget& target, EndpointState& endpoint, async::Deadline deadline) {
  const std::shared_ptr<EndpointConnections> held = hold_connections_of(endpoint, target);
  EndpointConnections& connections = *held;
  async::Loop& loop = worker.loop();
  for (;;) {
    const auto awaited = connections.h2_coming ? nullptr : connections.pool.awaited_h2();
    if (!connections.h2_coming && !awaited) break;
    const async::Wake wake = co_await async::wait_any(loop, deadline, awaited ? awaited->spoke() : connections.h2_came);
    if (wake == async::Wake::Ended) co_return MadeConnection{{}, {Reason::Draining, ""}};
    if (wake == async::Wake::TimedOut) co_return MadeConnection{{}, {Reason::ConnectTimeout, ""}};
    if (connections.h2_coming) continue;
    const Reason failed = awaited ? Reason::None : connections.h2_failure.reason;
    if (failed == Reason::ConnectFailed || failed == Reason::BackendTls) co_return MadeConnection{{}, connections.h2_failure};
    if (auto shared = connections.pool.share_h2()) co_return MadeConnection{std::move(shared), {}};
  }
  connections.h2_coming = true;
  auto made = co_await connect_alone(worker, target, endpoint, deadline);
  connections.h2_coming = false;
  connections.h2_failure = made.failure;
  connections.h2_came.raise(loop);
  co_return made;
}

}  // namespace

BackendTarget target_of(plan::RouteKind kind, const CompiledBackend& backend, const BackendTls* tls, bool upgrade) {
  if (upgrade) return {backend, plan::BackendProtocol::Http1, tls};
  return {backend, kind == plan::RouteKind::GRPCRoute ? plan::BackendProtocol::Http2 : backend.backend->protocol, tls};
}

conn::ClientConnection pooled_connection(Worker& worker, const BackendTarget& target, EndpointState& endpoint) {
  conn::EndpointPool& pool = connections_of(endpoint, target).pool;
  if (target.protocol == plan::BackendProtocol::Http1) return pool.take_h1(worker.loop().now());
  auto shared = pool.share_h2();
  if (shared || target.protocol == plan::BackendProtocol::Http2) return shared;
  return pool.take_h1(worker.loop().now());
}

async::Task<MadeConnection> connect_backend(Worker& worker, const BackendTarget& target, EndpointState& endpoint,
                                            async::Deadline deadline) {
  deadline = std::min(deadline, worker.loop().after_or_never(milliseconds(target.backend.settings->settings.connect_timeout)));
  const bool http2 = target.protocol == plan::BackendProtocol::Http2 ||
                     (target.protocol == plan::BackendProtocol::Negotiated && connections_of(endpoint, target).pool.has_h2());
  if (http2) return connect_together(worker, target, endpoint, deadline);
  return connect_alone(worker, target, endpoint, deadline);
}

void keep_connection(Worker& worker, const BackendTarget& target, EndpointState& endpoint, conn::ClientConnection connection) {
  if (!endpoint.listed || !connection.h1) return;
  const Settings& settings = target.backend.settings->settings;
  connections_of(endpoint, target)
      .pool.give(std::move(connection.h1), worker.loop().after_or_never(milliseconds(settings.backend_idle_timeout)),
                 settings.max_idle_per_endpoint);
}

std::size_t sweep_connections(EndpointState& endpoint, async::Deadline now) {
  if (!endpoint.pool) return 0;
  std::size_t left = 0;
  auto& by_tls = pools_of(endpoint).by_tls;
  for (const auto& connections : by_tls) left += connections->pool.sweep(now);
  // The last one stays, for its TLS session.
  const auto unused = [](const auto& connections) { return connections->pool.size() == 0 && !connections->h2_coming; };
  if (by_tls.size() > 1) std::erase_if(by_tls, unused);
  return left;
}

}  // namespace cardea::proxy
