// SPDX-License-Identifier: Apache-2.0
#include "proxy/serve_h2.h"

#include <memory>
#include <utility>

#include "async/scope.h"
#include "conn/h2_server.h"
#include "http/fault.h"
#include "proxy/handle_request.h"

namespace cardea::proxy {
namespace {

void count(Client& client, conn::H2Server& server) {
  const auto counts = server.take_counts();
  auto* counters = bind_counters(client.worker, client.bind);
  if (!counters) return;
  counters->http2_streams.add(counts.opened);
  counters->http2_streams_refused.add(counts.refused);
  counters->http2_streams_reset.add(counts.reset);
  counters->http2_streams_stalled.add(counts.stalled);
}

async::Task<void> serve_stream(Client* client, conn::H2Server* server, std::unique_ptr<conn::H2Exchange> exchange) {
  Worker& worker = client->worker;
  worker.counters().active_requests.add();
  {
    const TablesHold tables(worker.tables());
    Request request(worker, *exchange, tables, client->info);
    request.started = std::chrono::steady_clock::now() - std::chrono::milliseconds(worker.loop().now() - exchange->began());
    see_tables(*client, *tables);
    request.bind = client->seen_bind;
    request.connection_listener = client->seen_listener;
    const http::Fault fault = exchange->fault();
    if (fault == http::Fault::None) co_await handle_request(request);
    else co_await refuse_request(request, failure_of(fault), http::fault_status(fault));
    co_await exchange->finish(worker.loop().after(milliseconds(client->settings().body_idle_timeout) + kLingerMs));
    if (exchange->stalled()) request.failure = {Reason::ClientStalled, ""};
    finish_request(request);
  }
  worker.counters().active_requests.sub();
  co_await exchange->take_rest(worker.loop().after(kLingerMs));
  exchange.reset();
  count(*client, *server);
}

void count_connection(Client& client) {
  if (auto* counters = bind_counters(client.worker, client.bind)) counters->http2_connections.add();
}

void count_fault(Client& client, std::string_view fault) {
  if (fault.empty()) return;
  if (auto* counters = bind_counters(client.worker, client.bind)) counters->http2_faults.record(fault);
}

}  // namespace

// Not inlined into the connection's coroutine: those of HTTP/1 need none of it.
[[gnu::noinline]] async::Task<void> serve_h2(Client& client, std::string first) {
  Worker& worker = client.worker;
  conn::H2Server server(client.stream, worker.buffers(), client.info.settings.request_limits, client.info.settings.http2);
  async::TaskScope streams(worker.loop());
  count_connection(client);
  server.receive_first(first);
  first = {};
  while (auto exchange = co_await server.next(async::StopToken(client.bind.stop))) {
    streams.spawn(serve_stream, &client, &server, std::move(exchange));
  }
  co_await streams.close();
  count(client, server);
  count_fault(client, server.fault());
  if (server.may_linger()) co_await server.linger(worker.loop().after(kLingerMs));
}

}  // namespace cardea::proxy
