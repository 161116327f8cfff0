// SPDX-License-Identifier: Apache-2.0
#include "proxy/forward.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "base/strings.h"
#include "conn/replay_reader.h"
#include "http/grpc.h"
#include "proxy/attempt.h"
#include "proxy/balance_key.h"
#include "proxy/connect.h"
#include "proxy/worker.h"

namespace cardea::proxy {
namespace {

std::uint64_t milliseconds(std::chrono::milliseconds duration) { return static_cast<std::uint64_t>(duration.count()); }

// A rule's own time-out ("0s" is none), else the default.
async::Deadline deadline_of(async::Loop& loop, const std::optional<std::chrono::milliseconds>& own,
                            std::chrono::milliseconds by_default) {
  return loop.after_or_never(milliseconds(own.value_or(by_default)));
}

// What the client of gRPC waits for, so that nobody works longer.
async::Deadline grpc_deadline(async::Loop& loop, const http::RequestHead& head) {
  const auto timeout = http::is_grpc(head) ? http::grpc_timeout(head.fields.get(http::HeaderId::GrpcTimeout)) : std::nullopt;
  return timeout ? loop.after(milliseconds(*timeout)) : async::kNever;
}

BackendCounters& counters_of(Request& request) { return request.backend->series->counters.at(request.worker.index()); }

// The request of an HTTP/1.0 client without Host still needs one on its way.
void name_host(Request& request, const EndpointState& endpoint) {
  if (request.head().authority.empty()) request.head().authority = request.exchange.arena.copy(endpoint.text);
}

void count_attempt(Request& request, Failure failure) {
  BackendCounters& counters = counters_of(request);
  if (failure) counters.failures.record(failure.reason);
  if (request.backend_status == 0) return;
  counters.responses.record(request.backend_status);
  counters.duration.record(static_cast<std::uint64_t>(request.backend_duration.count()));
}

async::Deadline attempt_deadline(Request& request) {
  Worker& worker = request.worker;
  const auto& own = request.rule->plan->timeouts.backend_request;
  return std::min(request.deadline, deadline_of(worker.loop(), own, request.settings().backend_request_timeout));
}

// The time that connecting took was the attempt's, or the request's.
Failure connect_failure(Request& request, Failure failure, async::Deadline deadline) {
  if (request.worker.loop().now() < deadline) return failure;
  return {deadline == request.deadline ? Reason::RequestTimeout : Reason::BackendTimeout, "while connecting"};
}

// gRPC has no form in HTTP/1.1.
conn::ClientExchange::Closing without_http1_for_grpc(const Request& request, conn::ClientExchange::Closing closing) {
  using Closing = conn::ClientExchange::Closing;
  return closing == Closing::WantsHttp1 && request.rule->plan->kind == plan::RouteKind::GRPCRoute ? Closing::Broken : closing;
}

// WebSockets begin in HTTP/1.1, whatever else a backend speaks. Any other upgrade is an offer (RFC 9110 section 7.8), which says
// nothing to a backend of HTTP/2.
void drop_vain_upgrade(Request& request) {
  http::Fields& fields = request.head().fields;
  const bool http2 = request.rule->plan->kind == plan::RouteKind::GRPCRoute || request.backend->backend->protocol == plan::BackendProtocol::Http2;
  if (http2 && !base::iequals(fields.get(http::HeaderId::Upgrade), "websocket")) fields.remove(http::HeaderId::Upgrade);
}

// `next`: what the try before it asked for.
async::Task<Tried> try_once(Request& request, EndpointState& endpoint, conn::BodyReader& body, const Retries& retries,
                            Next next, bool over_http1) {
  Worker& worker = request.worker;
  const AttemptTerms terms{body, retries, std::chrono::steady_clock::now(), attempt_deadline(request)};
  request.endpoint = request.exchange.arena.copy(endpoint.text);
  request.backend_status = 0;
  note_endpoint(request, endpoint);
  ++request.tries;
  counters_of(request).attempts.add();

  drop_vain_upgrade(request);
  const BackendTls* tls = request.tables.backend_tls->find(request.listener->gateway(), *request.backend->backend);
  BackendTarget target =
      target_of(request.rule->plan->kind, *request.backend, tls, request.head().fields.has(http::HeaderId::Upgrade));
  if (over_http1) target.protocol = plan::BackendProtocol::Http1;
  conn::ClientConnection connection;
  if (next != Next::OnNew) connection = pooled_connection(worker, target, endpoint);
  if (!connection) {
    MadeConnection made = co_await connect_backend(worker, target, endpoint, terms.deadline);
    if (made.failure) {
      counters_of(request).failures.record(made.failure.reason);
      co_return Tried{.failure = connect_failure(request, made.failure, terms.deadline)};
    }
    connection = std::move(made.connection);
  }
  name_host(request, endpoint);
  Tried tried;
  bool reusable = false;
  {
    Attempt attempt(request, connection, terms);
    tried = co_await attempt.run();
    reusable = !tried.failure && attempt.reusable();
  }
  tried.reused = connection.reused;
  tried.closing = without_http1_for_grpc(request, tried.closing);
  if (request.backend_status == 0) request.backend_duration = since(terms.began);
  count_attempt(request, tried.failure);
  if (reusable) keep_connection(worker, target, endpoint, std::move(connection));
  co_return tried;
}

async::Task<Failure> wait_for_backoff(Request& request, std::chrono::milliseconds backoff) {
  async::Loop& loop = request.worker.loop();
  const async::Deadline until = loop.after(milliseconds(backoff));
  while (loop.now() < until) {
    const async::Wake wake = co_await async::wait_any(loop, std::min(until, request.deadline), request.exchange.client_changed());
    if (request.exchange.client_gone()) co_return Failure{Reason::ClientAborted, ""};
    if (wake == async::Wake::Ended) co_return Failure{Reason::Draining, ""};
    if (request.deadline <= loop.now()) co_return Failure{Reason::RequestTimeout, "before another try"};
  }
  co_return Failure{};
}

// What the client is told when a rule's retries are used up: a connection that breaks off is then no single accident.
Failure final_failure(const Tried& tried, const Retries& retries) {
  if (!retries.by_policy() || tried.failure.reason != Reason::BackendReset) return tried.failure;
  return {Reason::RetriesExhausted, tried.failure.detail};
}

}  // namespace

async::Deadline request_deadline(Request& request) {
  async::Loop& loop = request.worker.loop();
  return std::min(deadline_of(loop, request.rule->plan->timeouts.request, request.settings().request_timeout),
                  grpc_deadline(loop, request.head()));
}

async::Task<Failure> forward_with_retries(Request& request) {
  Worker& worker = request.worker;
  const plan::Rule& rule = *request.rule->plan;
  Retries retries(rule.retry ? &*rule.retry : nullptr, request.settings());
  std::optional<MirroredBody> mirrored;
  std::optional<conn::ReplayReader> replay;
  conn::BodyReader* body = &request.body();
  if (!request.mirrors.empty()) body = &mirrored.emplace(*body, request.mirrors.all());
  if (retries.by_policy()) body = &replay.emplace(*body, request.settings().max_replay_bytes);

  const BalanceBy by = balance_by(request.settings(), request.head(), request.from.ip);
  TriedEndpoints tried_endpoints;
  EndpointLease endpoint = std::move(request.session.endpoint);
  if (endpoint && !endpoint->listed) endpoint.release();  // it left while somebody else was asked
  const bool in_session = static_cast<bool>(endpoint);
  if (!endpoint) endpoint = worker.balancer().pick(*request.backend->slot, worker.random(), {}, by);
  if (!endpoint) co_return Failure{Reason::NoEndpoints, ""};
  bool over_http1 = false;
  for (Next next = Next::AtOnce;;) {
    const Tried tried = co_await try_once(request, *endpoint, *body, retries, next, over_http1);
    if (!tried.failure && !tried.unwanted) co_return Failure{};

    tried_endpoints.add(*endpoint);
    EndpointLease other = worker.balancer().pick(*request.backend->slot, worker.random(), tried_endpoints, by);
    const bool repeatable = body->rewindable() && !request.exchange.responded() && !request.exchange.client_gone();
    if (in_session && !other && repeatable && !tried.connected) other = leave_backend(request, tried_endpoints, by);
    next = retries.after(tried, request.head().method, repeatable, static_cast<bool>(other));
    if (next == Next::Finish) co_return final_failure(tried, retries);
    if (next == Next::AfterBackoff) {
      other.release();
      if (const Failure failure = co_await wait_for_backoff(request, retries.backoff(worker.random()))) co_return failure;
      other = worker.balancer().pick(*request.backend->slot, worker.random(), tried_endpoints, by);
    }
    body->rewind();
    counters_of(request).retries.add();
    over_http1 |= next == Next::OverHttp1;
    if (next == Next::OnNew || next == Next::OverHttp1) continue;
    if (!other) {
      tried_endpoints.clear();
      other = worker.balancer().pick(*request.backend->slot, worker.random(), {}, by);
      if (!other) co_return Failure{Reason::NoEndpoints, ""};
    }
    endpoint = std::move(other);
  }
}

}  // namespace cardea::proxy
