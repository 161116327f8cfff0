// SPDX-License-Identifier: Apache-2.0
// Connections to backends: out of what an endpoint has, or new ones. The one place that knows how a backend is spoken to:
// TCP, then what comes over it, then the protocol.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "async/task.h"
#include "async/wait.h"
#include "conn/client_connection.h"
#include "conn/pool.h"
#include "proxy/backend_tls.h"
#include "proxy/balance.h"
#include "proxy/failure.h"
#include "proxy/route_table.h"

namespace cardea::proxy {

class Worker;

// Whom a request goes to, in which protocol, and under which terms of TLS (null: none).
struct BackendTarget {
  const CompiledBackend& backend;
  plan::BackendProtocol protocol = plan::BackendProtocol::Http1;
  const BackendTls* tls = nullptr;
  std::uint64_t tls_id() const { return tls ? tls->id : 0; }
};
// GRPCRoutes speak HTTP/2, whatever the port says of itself (facts, 6.7); an upgrade is of HTTP/1.1.
BackendTarget target_of(plan::RouteKind kind, const CompiledBackend& backend, const BackendTls* tls, bool upgrade);

struct MadeConnection {
  conn::ClientConnection connection;
  Failure failure;
};

// What a worker keeps for one endpoint under the same terms of TLS.
struct EndpointConnections {
  std::uint64_t tls_id = 0;
  conn::EndpointPool pool;
  std::shared_ptr<net::TlsSessions> tls_sessions;
  // A connection for HTTP/2 is being made: those who need one too wait for it, since they will share it.
  bool h2_coming = false;
  Failure h2_failure;  // of the last one
  async::Signal h2_came;
};
// ... and under all that there are (EndpointState::pool). Old terms go when their connections have gone.
struct EndpointPools {
  std::vector<std::shared_ptr<EndpointConnections>> by_tls;
};

// A connection that was there already; empty: there is none.
conn::ClientConnection pooled_connection(Worker& worker, const BackendTarget& target, EndpointState& endpoint);
// A new one, or a share of one that is being made. `deadline` bounds it beside the setting for connecting.
async::Task<MadeConnection> connect_backend(Worker& worker, const BackendTarget& target, EndpointState& endpoint,
                                            async::Deadline deadline);
// After its exchange, when it may carry another, alone.
void keep_connection(Worker& worker, const BackendTarget& target, EndpointState& endpoint, conn::ClientConnection connection);
// Closes what is idle for too long; how many are left.
std::size_t sweep_connections(EndpointState& endpoint, async::Deadline now);

}  // namespace cardea::proxy
