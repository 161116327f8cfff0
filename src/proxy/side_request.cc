// SPDX-License-Identifier: Apache-2.0
#include "proxy/side_request.h"

#include <algorithm>
#include <span>
#include <utility>

#include "http/hop_by_hop.h"
#include "proxy/attempt.h"
#include "proxy/worker.h"

namespace cardea::proxy {
namespace {

using conn::ClientExchange;
using conn::PumpStatus;
using conn::ReadStatus;
using conn::WriteStatus;

// A body in memory on its way out. False: the backend takes no more of it.
bool push(conn::BodyWriter& to, std::string_view& left, bool& finished) {
  if (finished) return to.flush() != WriteStatus::Failed;
  while (!left.empty()) {
    const auto written = to.try_write(left);
    if (written.status == WriteStatus::Failed) return false;
    left.remove_prefix(written.bytes);
    if (written.status == WriteStatus::WouldBlock || written.bytes == 0) return to.flush() != WriteStatus::Failed;
  }
  finished = true;
  return to.finish({}) && to.flush() != WriteStatus::Failed;
}

}  // namespace

SideRequest::SideRequest(Request& request, const CompiledBackend& to, plan::RouteKind kind, std::chrono::milliseconds patience)
    : request_(request),
      to_(to),
      speaks_grpc_(kind == plan::RouteKind::GRPCRoute),
      patience_(static_cast<std::uint64_t>(patience.count())),
      deadline_(std::min(request.deadline, request.worker.loop().after_or_never(patience_))),
      target_(target_of(kind, to, request.tables.backend_tls->find(request.listener->gateway(), *to.backend), false)) {}

SideRequest::~SideRequest() {
  // What a faulty service sends behind its answer to HEAD would be the verdict on the next request.
  const bool reusable = exchange_ && complete_ && !to_head_ && exchange_->reusable();
  exchange_.reset();
  if (reusable) keep_connection(request_.worker, target_, *endpoint_, std::move(connection_));
}

async::Task<Failure> SideRequest::connect(bool anew) {
  Worker& worker = request_.worker;
  for (std::uint32_t left = request_.settings().connect_attempts;;) {
    if (!endpoint_) endpoint_ = worker.balancer().pick(*to_.slot, worker.random(), tried_);
    if (!endpoint_) co_return Failure{Reason::NoEndpoints, ""};
    connection_ = anew ? conn::ClientConnection() : pooled_connection(worker, target_, *endpoint_);
    if (connection_) co_return Failure{};
    MadeConnection made = co_await connect_backend(worker, target_, *endpoint_, deadline_);
    connection_ = std::move(made.connection);
    if (!made.failure) co_return Failure{};
    tried_.add(*endpoint_);
    endpoint_ = worker.balancer().pick(*to_.slot, worker.random(), tried_);
    if (--left == 0 || !endpoint_ || made.failure.reason == Reason::Draining) co_return made.failure;
  }
}

// The backend did nothing with the request: it says so, or closed a connection that had been idle.
bool SideRequest::may_be_sent_again() {
  using Closing = ClientExchange::Closing;
  switch ((*exchange_)->closing()) {
    case Closing::Refused:
      return true;
    case Closing::WantsHttp1:
      if (target_.protocol == plan::BackendProtocol::Http1 || speaks_grpc_) return false;
      target_.protocol = plan::BackendProtocol::Http1;
      return true;
    default:
      return connection_.reused && !(*exchange_)->anything_received();
  }
}

async::Task<Failure> SideRequest::send(http::RequestHead& head, std::string_view body) {
  BackendCounters& counters = to_.series->counters.at(request_.worker.index());
  const SteadyTime began = std::chrono::steady_clock::now();
  const bool unnamed = head.authority.empty();
  to_head_ = head.method == http::Method::Head;
  for (bool anew = false;; anew = true) {
    counters.attempts.add();
    if (const Failure failure = co_await connect(anew)) {
      counters.failures.record(failure.reason);
      co_return failure;
    }
    if (unnamed) head.authority = request_.exchange.arena.copy(endpoint_->text);
    exchange_.emplace(connection_);
    const Failure failure = co_await exchange(head, body);
    if (failure) counters.failures.record(failure.reason);
    if (!failure) {
      counters.responses.record(answer_.status);
      counters.duration.record(static_cast<std::uint64_t>(since(began).count()));
    }
    if (failure.reason != Reason::BackendReset || anew || !may_be_sent_again()) co_return failure;
    exchange_.reset();
  }
}

async::Task<Failure> SideRequest::exchange(const http::RequestHead& head, std::string_view body) {
  ClientExchange& backend = **exchange_;
  backend.send_head(head, false);
  for (bool finished = false, writable = true;;) {
    writable = writable && push(backend.request_body(), body, finished);
    switch (backend.try_read_head(answer_)) {
      case ClientExchange::Head::Complete:
        if (answer_.status == 101) co_return Failure{Reason::BackendMalformed, "101"};
        if (answer_.status < 200) {
          // Interim answers may come without end; others have their turn, and time passes.
          co_await request_.worker.loop().yield();
          if (const Failure failure = interrupted()) co_return failure;
          continue;
        }
        if (http::strip_hop_by_hop(answer_.fields, false) != http::Fault::None) co_return Failure{Reason::BackendMalformed, "connection"};
        co_return Failure{};
      case ClientExchange::Head::Malformed:
        co_return Failure{Reason::BackendMalformed, http::fault_name(backend.fault())};
      case ClientExchange::Head::Closed:
        co_return Failure{Reason::BackendReset, ""};
      case ClientExchange::Head::WouldBlock:
        if (!writable) co_return Failure{Reason::BackendReset, ""};
        break;
    }
    if (const Failure failure = co_await wait(deadline_)) co_return failure;
  }
}

Failure SideRequest::interrupted() const {
  const async::Loop& loop = request_.worker.loop();
  if (request_.exchange.client_gone()) return {Reason::ClientAborted, ""};
  if (loop.ended()) return {Reason::Draining, ""};
  return loop.now() >= deadline_ ? Failure{Reason::BackendTimeout, ""} : Failure{};
}

async::Task<Failure> SideRequest::wait(async::Deadline deadline) {
  async::Loop& loop = request_.worker.loop();
  conn::Exchange& client = request_.exchange;
  ClientExchange& backend = **exchange_;
  const async::Wake wake = co_await async::wait_any(loop, deadline, backend.ready(), backend.request_body().ready(),
                                                    client.client_changed(), client.response_body().ready());
  if (client.client_gone()) co_return Failure{Reason::ClientAborted, ""};
  if (wake == async::Wake::Ended) co_return Failure{Reason::Draining, ""};
  if (wake == async::Wake::TimedOut) co_return Failure{Reason::BackendTimeout, ""};
  co_return Failure{};
}

async::Task<Failure> SideRequest::read_body(std::string& into, std::size_t limit) {
  conn::BodyReader& body = (*exchange_)->response_body();
  std::span<const char> data;
  for (;;) {
    switch (body.peek(data)) {
      case ReadStatus::Data:
        if (data.size() > limit - into.size()) co_return Failure{Reason::BackendMalformed, "too large"};
        into.append(data.data(), data.size());
        body.consume(data.size());
        continue;
      case ReadStatus::End:
        complete_ = true;
        co_return Failure{};
      case ReadStatus::Failed:
        co_return Failure{Reason::BackendTruncated, ""};
      case ReadStatus::WouldBlock:
        break;
    }
    if (const Failure failure = co_await wait(deadline_)) co_return failure;
  }
}

void SideRequest::drop_body() { complete_ = conn::discard((*exchange_)->response_body()) == ReadStatus::End; }

// As slow as the client likes, within the request's time; the service has its own time for each piece.
async::Task<Failure> SideRequest::relay_body() {
  async::Loop& loop = request_.worker.loop();
  conn::Pump download((*exchange_)->response_body(), request_.exchange.response_body());
  for (;;) {
    async::Deadline deadline = request_.deadline;
    switch (download.run()) {
      case PumpStatus::Done:
        complete_ = true;
        co_return Failure{};
      case PumpStatus::ReadFailed:
        co_return Failure{Reason::BackendTruncated, ""};
      case PumpStatus::WriteFailed:
        co_return Failure{Reason::ClientAborted, "within the response"};
      case PumpStatus::Busy:
        co_await loop.yield();
        if (request_.exchange.client_gone()) co_return Failure{Reason::ClientAborted, ""};
        if (loop.ended()) co_return Failure{Reason::Draining, ""};
        continue;
      case PumpStatus::WaitRead:
        deadline = std::min(deadline, loop.after_or_never(patience_));
        break;
      default:
        break;
    }
    if (const Failure failure = co_await wait(deadline)) co_return failure;
  }
}

}  // namespace cardea::proxy
