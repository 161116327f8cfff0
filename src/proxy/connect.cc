// SPDX-License-Identifier: Apache-2.0
#include "proxy/connect.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/ip.h"
#include "net/socket_address.h"
#include "net/tcp.h"
#include "proxy/worker.h"

namespace cardea::proxy {
namespace {

std::uint64_t milliseconds(std::chrono::milliseconds duration) { return static_cast<std::uint64_t>(duration.count()); }

EndpointConnections& connections_of(EndpointState& endpoint) {
  if (!endpoint.pool) endpoint.pool = std::make_shared<EndpointConnections>();
  return *static_cast<EndpointConnections*>(endpoint.pool.get());
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

async::Task<Transport> open_transport(Worker& worker, const BackendTarget& target, const EndpointState& endpoint, async::Deadline deadline) {
  const auto peer = net::SocketAddress::parse(base::to_string(endpoint.address.address), endpoint.address.port);
  auto tcp = co_await net::connect_tcp(worker.loop(), *peer, deadline);
  Transport transport;
  transport.failure = failure_of(tcp.status);
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
    connections_of(endpoint).pool.add(connection.h2);
  } else {
    connection.h1 = std::make_unique<conn::H1Client>(std::move(made.stream), worker.buffers(), settings.response_limits);
  }
  co_return MadeConnection{std::move(connection), {}};
}

// Many requests that come at once make one connection, not many.
async::Task<MadeConnection> connect_together(Worker& worker, const BackendTarget& target, EndpointState& endpoint, async::Deadline deadline) {
  EndpointConnections& connections = connections_of(endpoint);
  async::Loop& loop = worker.loop();
  while (connections.h2_coming) {
    const async::Wake wake = co_await async::wait_any(loop, deadline, connections.h2_came);
    if (wake == async::Wake::Ended) co_return MadeConnection{{}, {Reason::Draining, ""}};
    if (wake == async::Wake::TimedOut) co_return MadeConnection{{}, {Reason::ConnectTimeout, ""}};
    if (connections.h2_coming) continue;
    if (connections.h2_failure.reason == Reason::ConnectFailed) co_return MadeConnection{{}, connections.h2_failure};
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

BackendTarget target_of(plan::RouteKind kind, const CompiledBackend& backend, bool upgrade) {
  if (upgrade) return {backend, plan::BackendProtocol::Http1};
  return {backend, kind == plan::RouteKind::GRPCRoute ? plan::BackendProtocol::Http2 : backend.backend->protocol};
}

conn::ClientConnection pooled_connection(Worker& worker, const BackendTarget& target, EndpointState& endpoint) {
  conn::EndpointPool& pool = connections_of(endpoint).pool;
  if (target.protocol == plan::BackendProtocol::Http1) return pool.take_h1(worker.loop().now());
  auto shared = pool.share_h2();
  if (shared || target.protocol == plan::BackendProtocol::Http2) return shared;
  return pool.take_h1(worker.loop().now());
}

async::Task<MadeConnection> connect_backend(Worker& worker, const BackendTarget& target, EndpointState& endpoint,
                                            async::Deadline deadline) {
  deadline = std::min(deadline, worker.loop().after_or_never(milliseconds(target.backend.settings->settings.connect_timeout)));
  if (target.protocol == plan::BackendProtocol::Http2) return connect_together(worker, target, endpoint, deadline);
  return connect_alone(worker, target, endpoint, deadline);
}

void keep_connection(Worker& worker, const BackendTarget& target, EndpointState& endpoint, conn::ClientConnection connection) {
  if (!endpoint.listed || !connection.h1) return;
  const Settings& settings = target.backend.settings->settings;
  connections_of(endpoint).pool.give(std::move(connection.h1),
                                     worker.loop().after_or_never(milliseconds(settings.backend_idle_timeout)),
                                     settings.max_idle_per_endpoint);
}

std::size_t sweep_connections(EndpointState& endpoint, async::Deadline now) {
  return endpoint.pool ? connections_of(endpoint).pool.sweep(now) : 0;
}

}  // namespace cardea::proxy
