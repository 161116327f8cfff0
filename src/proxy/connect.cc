// SPDX-License-Identifier: Apache-2.0
#include "proxy/connect.h"

#include <algorithm>
#include <utility>

#include "base/ip.h"
#include "net/socket_address.h"
#include "net/tcp.h"
#include "proxy/worker.h"

namespace cardea::proxy {
namespace {

std::uint64_t milliseconds(std::chrono::milliseconds duration) { return static_cast<std::uint64_t>(duration.count()); }

conn::EndpointPool& pool_of(EndpointState& endpoint) {
  if (!endpoint.pool) endpoint.pool = std::make_shared<conn::EndpointPool>();
  return *static_cast<conn::EndpointPool*>(endpoint.pool.get());
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

}  // namespace

BackendTarget target_of(plan::RouteKind kind, const CompiledBackend& backend, bool upgrade) {
  if (upgrade) return {backend, plan::BackendProtocol::Http1};
  return {backend, kind == plan::RouteKind::GRPCRoute ? plan::BackendProtocol::Http2 : backend.backend->protocol};
}

conn::ClientConnection pooled_connection(Worker& worker, const BackendTarget& target, EndpointState& endpoint) {
  static_cast<void>(target);
  return pool_of(endpoint).take_h1(worker.loop().now());
}

async::Task<MadeConnection> connect_backend(Worker& worker, const BackendTarget& target, EndpointState& endpoint,
                                            async::Deadline deadline) {
  const auto peer = net::SocketAddress::parse(base::to_string(endpoint.address.address), endpoint.address.port);
  const auto in_time = std::min(deadline, worker.loop().after_or_never(milliseconds(target.backend.settings->settings.connect_timeout)));
  auto tcp = co_await net::connect_tcp(worker.loop(), *peer, in_time);
  if (const Failure failure = failure_of(tcp.status)) co_return MadeConnection{{}, failure};
  target.backend.series->counters.at(worker.index()).connections.add();
  auto client = std::make_unique<conn::H1Client>(std::move(tcp.stream), worker.buffers(), target.backend.settings->response_limits);
  co_return MadeConnection{{.h1 = std::move(client)}, {}};
}

void keep_connection(Worker& worker, const BackendTarget& target, EndpointState& endpoint, conn::ClientConnection connection) {
  if (!endpoint.listed) return;
  const Settings& settings = target.backend.settings->settings;
  pool_of(endpoint).give(std::move(connection), worker.loop().after_or_never(milliseconds(settings.backend_idle_timeout)),
                         settings.max_idle_per_endpoint);
}

}  // namespace cardea::proxy
