// SPDX-License-Identifier: Apache-2.0
#include "proxy/forward.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

#include "base/ip.h"
#include "conn/h1_client.h"
#include "conn/pool.h"
#include "http/framing.h"
#include "http/hop_by_hop.h"
#include "http/upgrade.h"
#include "net/socket_address.h"
#include "net/tcp.h"
#include "proxy/filter/header_modifier.h"
#include "proxy/filter/url_rewrite.h"
#include "proxy/worker.h"

namespace cardea::proxy {
namespace {

using conn::H1Client;
using conn::H1ClientExchange;
using conn::Pump;
using conn::PumpStatus;

std::uint64_t milliseconds(std::chrono::milliseconds duration) { return static_cast<std::uint64_t>(duration.count()); }

// A rule's own time-out ("0s" is none), else the default.
async::Deadline deadline_of(async::Loop& loop, const std::optional<std::chrono::milliseconds>& own,
                            std::chrono::milliseconds by_default) {
  return loop.after_or_never(milliseconds(own.value_or(by_default)));
}

conn::EndpointPool& pool_of(EndpointState& endpoint) {
  if (!endpoint.pool) endpoint.pool = std::make_shared<conn::EndpointPool>();
  return *static_cast<conn::EndpointPool*>(endpoint.pool.get());
}

BackendCounters& counters_of(Request& request) { return request.backend->series->counters.at(request.worker.index()); }

std::chrono::microseconds since(SteadyTime began) {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - began);
}

struct Connection {
  std::unique_ptr<H1Client> client;
  Failure failure;
};

async::Task<Connection> connect(Request& request, const EndpointState& endpoint, async::Deadline deadline) {
  Worker& worker = request.worker;
  const auto peer = net::SocketAddress::parse(base::to_string(endpoint.address.address), endpoint.address.port);
  const auto connect_deadline =
      std::min(deadline, worker.loop().after_or_never(milliseconds(worker.settings().connect_timeout)));
  auto connected = co_await net::connect_tcp(worker.loop(), *peer, connect_deadline);
  switch (connected.status) {
    case net::ConnectStatus::Connected:
      counters_of(request).connections.add();
      co_return Connection{std::make_unique<H1Client>(std::move(connected.stream), worker.buffers(),
                                                      worker.all_settings().response_limits),
                           {}};
    case net::ConnectStatus::TimedOut:
      co_return Connection{nullptr, {Reason::ConnectTimeout, ""}};
    case net::ConnectStatus::Failed:
      co_return Connection{nullptr, {Reason::ConnectFailed, ""}};
    case net::ConnectStatus::Ended:
      break;
  }
  co_return Connection{nullptr, {Reason::Draining, ""}};
}

// One attempt on one connection: the request goes out beside the response coming in.
class Attempt {
 public:
  Attempt(Request& request, H1Client& client, SteadyTime began, async::Deadline deadline)
      : request_(request),
        exchange_(request.exchange),
        backend_(client),
        deadline_(deadline),
        began_(began),
        upload_(exchange_.request_body(), backend_.request_body(), request.worker.settings().max_request_body_bytes) {}

  async::Task<Failure> run();
  // The backend closed before it said anything, on a connection that had worked: nobody's fault.
  bool stale() const { return stale_; }
  bool sent() const { return backend_.anything_sent(); }
  bool reusable() const { return !uploading_ && !tunnel_ && backend_.reusable(); }

 private:
  async::Task<Failure> read_final_head();
  async::Task<Failure> relay_response();
  Failure begin_response();
  Failure push_request();
  async::Task<Failure> wait();
  Failure backend_closed();
  Failure timed_out() const;
  bool wants_upgrade() const { return exchange_.request.fields.has(http::HeaderId::Upgrade); }

  Request& request_;
  conn::Exchange& exchange_;
  H1ClientExchange backend_;
  async::Deadline deadline_;
  SteadyTime began_;
  Pump upload_;
  http::ResponseHead head_;
  bool uploading_ = true;
  bool upload_waits_for_client_ = false;
  bool upload_failed_ = false;
  bool busy_ = false;  // something can go on at once, after others had their turn
  bool tunnel_ = false;
  bool stale_ = false;
};

async::Task<Failure> Attempt::run() {
  backend_.send_head(exchange_.request, wants_upgrade());
  Failure failure = co_await read_final_head();
  if (!failure) failure = begin_response();
  if (!failure) failure = co_await relay_response();
  co_return failure;
}

// Moves what can be moved of the request's body.
Failure Attempt::push_request() {
  if (!uploading_) return {};
  upload_waits_for_client_ = false;
  switch (upload_.run()) {
    case PumpStatus::Done:
      uploading_ = false;
      break;
    case PumpStatus::WaitRead:
      upload_waits_for_client_ = true;
      break;
    case PumpStatus::WaitWrite:
      break;
    case PumpStatus::Busy:
      busy_ = true;
      break;
    case PumpStatus::TooMuch:
      return {Reason::BodyTooLarge, "chunked"};
    case PumpStatus::WriteFailed:
      // The backend may have answered before it closed.
      uploading_ = false;
      upload_failed_ = true;
      break;
    case PumpStatus::ReadFailed: {
      const http::Fault fault = exchange_.request_body().fault();
      if (fault == http::Fault::None) return {Reason::ClientAborted, "within the request body"};
      return {Reason::MalformedRequest, http::fault_name(fault)};
    }
  }
  return {};
}

async::Task<Failure> Attempt::read_final_head() {
  for (;;) {
    if (const Failure failure = push_request()) co_return failure;
    // No further 1xx is read before those that came were taken.
    const conn::WriteStatus informed = exchange_.response_body().flush();
    if (informed == conn::WriteStatus::Failed) co_return Failure{Reason::ClientAborted, ""};
    switch (informed == conn::WriteStatus::Ok ? backend_.try_read_head(head_) : H1ClientExchange::Head::WouldBlock) {
      case H1ClientExchange::Head::Complete:
        request_.backend_status = head_.status;
        request_.backend_duration = since(began_);
        if (head_.status >= 200 || head_.status == 101) co_return Failure{};
        if (http::strip_hop_by_hop(head_.fields, false) != http::Fault::None) co_return Failure{Reason::BackendMalformed, "1xx"};
        exchange_.inform(head_);
        busy_ = true;
        break;
      case H1ClientExchange::Head::Malformed:
        co_return Failure{backend_.fault() == http::Fault::HeadTooLarge ? Reason::BackendHeadTooLarge : Reason::BackendMalformed,
                          http::fault_name(backend_.fault())};
      case H1ClientExchange::Head::Closed:
        co_return backend_closed();
      case H1ClientExchange::Head::WouldBlock:
        if (upload_failed_) co_return backend_closed();
        break;
    }
    if (const Failure failure = co_await wait()) co_return failure;
  }
}

Failure Attempt::backend_closed() {
  stale_ = !backend_.anything_received();
  return {Reason::BackendReset, stale_ ? "before the response" : "within the response head"};
}

Failure Attempt::timed_out() const {
  return {deadline_ == request_.deadline ? Reason::RequestTimeout : Reason::BackendTimeout, ""};
}

// Until any of the four directions may move. One wait for all of them keeps this simple; what moves nothing waits again.
async::Task<Failure> Attempt::wait() {
  async::Loop& loop = request_.worker.loop();
  if (std::exchange(busy_, false)) {
    co_await loop.yield();
    if (exchange_.client_gone()) co_return Failure{Reason::ClientAborted, ""};
    if (loop.ended()) co_return Failure{Reason::Draining, ""};
    co_return deadline_ <= loop.now() ? timed_out() : Failure{};
  }
  async::Deadline deadline = deadline_;
  if (upload_waits_for_client_ && !tunnel_ && !exchange_.responded()) {
    deadline = std::min(deadline, loop.after_or_never(milliseconds(request_.worker.settings().body_idle_timeout)));
  }
  const async::Wake wake = co_await async::wait_any(loop, deadline, backend_.ready(), backend_.request_body().ready(),
                                                    exchange_.client_changed(), exchange_.response_body().ready());
  if (exchange_.client_gone()) co_return Failure{Reason::ClientAborted, ""};
  if (wake == async::Wake::Ended) co_return Failure{Reason::Draining, ""};
  if (wake == async::Wake::TimedOut) co_return deadline == deadline_ ? timed_out() : Failure{Reason::RequestBodyTimeout, ""};
  co_return Failure{};
}

// The backend's final head becomes ours.
Failure Attempt::begin_response() {
  tunnel_ = head_.status == 101;
  // The rest of the body would pass for bytes of the other protocol.
  if (tunnel_ && uploading_) return {Reason::BackendMalformed, "101 within the request body"};
  if (tunnel_ && !http::accepts_upgrade(exchange_.request, head_)) return {Reason::UpgradeRefused, ""};
  const http::Fault fault = http::strip_hop_by_hop(head_.fields, tunnel_);
  if (fault != http::Fault::None) return {Reason::BackendMalformed, http::fault_name(fault)};
  for (const auto* filters : {&request_.rule->plan->filters, &request_.backend->plan->filters}) {
    for (const auto& filter : *filters) {
      const auto* modifier = std::get_if<plan::ResponseHeaderModifier>(&filter);
      if (modifier) apply_response_header_modifier(*modifier, head_);
    }
  }
  request_.status = head_.status;
  request_.status_by_backend = true;
  if (tunnel_) {
    deadline_ = async::kNever;
    backend_.begin_tunnel();
    upload_.restart_without_limit();
    uploading_ = true;
  }
  request_.respond(head_);
  return {};
}

async::Task<Failure> Attempt::relay_response() {
  Pump download(backend_.response_body(), exchange_.response_body());
  bool downloading = true;
  for (;;) {
    if (downloading) {
      switch (download.run()) {
        case PumpStatus::Done:
          downloading = false;
          break;
        case PumpStatus::ReadFailed:
          co_return Failure{Reason::BackendTruncated, http::fault_name(backend_.response_body().fault())};
        case PumpStatus::WriteFailed:
          co_return Failure{Reason::ClientAborted, "within the response"};
        case PumpStatus::Busy:
          busy_ = true;
          break;
        default:
          break;
      }
    }
    // What is left of a request whose response is complete is not wanted any more.
    if (!downloading && (!tunnel_ || !uploading_)) co_return Failure{};
    if (const Failure failure = push_request()) co_return failure;
    if (tunnel_ && upload_failed_) co_return Failure{Reason::BackendReset, "within the tunnel"};
    if (!downloading && !uploading_) co_return Failure{};
    if (const Failure failure = co_await wait()) co_return failure;
  }
}

void apply_backend_filters(Request& request) {
  for (const auto& filter : request.backend->plan->filters) {
    if (const auto* modifier = std::get_if<plan::RequestHeaderModifier>(&filter)) {
      apply_request_header_modifier(*modifier, request.head());
    } else if (const auto* rewrite = std::get_if<plan::UrlRewrite>(&filter)) {
      apply_url_rewrite(*rewrite, request.head(), request.exchange.arena);
    }
  }
}

Failure choose_backend(Request& request) {
  request.backend = pick_backend(*request.rule, request.worker.random());
  if (!request.backend) return {Reason::NoBackends, ""};
  if (request.backend->fault != Reason::None) return {request.backend->fault, ""};
  apply_backend_filters(request);
  return {};
}

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

// `sent`: the backend may have seen some of it.
bool may_repeat(Request& request, bool sent) {
  return (!sent || http::is_idempotent(request.head().method)) && request.exchange.request_body().rewindable() &&
         !request.exchange.responded();
}

}  // namespace

async::Task<Failure> forward_with_retries(Request& request) {
  Worker& worker = request.worker;
  const Settings& settings = worker.settings();
  const plan::Timeouts& timeouts = request.rule->plan->timeouts;
  request.deadline = deadline_of(worker.loop(), timeouts.request, settings.request_timeout);
  if (const Failure failure = choose_backend(request)) co_return failure;

  TriedEndpoints tried;
  Failure failure;
  std::uint32_t connects_failed = 0;
  bool fresh_only = false;  // a reused connection was stale: the next one is new, and there is no third
  for (;;) {
    EndpointLease endpoint = worker.balancer().pick(*request.backend->slot, worker.random(), tried);
    if (!endpoint) co_return failure ? failure : Failure{Reason::NoEndpoints, ""};
    request.endpoint = request.exchange.arena.copy(endpoint->text);
    ++request.tries;
    const auto began = std::chrono::steady_clock::now();
    counters_of(request).attempts.add();
    const auto deadline = std::min(request.deadline, deadline_of(worker.loop(), timeouts.backend_request, settings.backend_request_timeout));

    conn::EndpointPool& pool = pool_of(*endpoint);
    std::unique_ptr<H1Client> client = fresh_only ? nullptr : pool.take(worker.loop().now());
    const bool reused = client != nullptr;
    if (!client) {
      Connection made = co_await connect(request, *endpoint, deadline);
      if (made.failure) {
        failure = made.failure;
        counters_of(request).failures.record(failure.reason);
        tried.add(*endpoint);
        const bool in_time = worker.loop().now() < deadline;
        if (in_time && ++connects_failed < settings.connect_attempts && failure.reason != Reason::Draining) continue;
        if (!in_time) failure = {deadline == request.deadline ? Reason::RequestTimeout : Reason::BackendTimeout, ""};
        co_return failure;
      }
      client = std::move(made.client);
    }
    name_host(request, *endpoint);
    bool stale = false;
    bool sent = true;
    bool reusable = false;
    request.backend_status = 0;
    {
      Attempt attempt(request, *client, began, deadline);
      failure = co_await attempt.run();
      stale = attempt.stale();
      sent = attempt.sent();
      reusable = !failure && attempt.reusable();
    }
    if (request.backend_status == 0) request.backend_duration = since(began);
    count_attempt(request, failure);
    if (reusable && endpoint->listed) {
      pool.give(std::move(client), worker.loop().after_or_never(milliseconds(settings.backend_idle_timeout)),
                settings.max_idle_per_endpoint);
    }
    if (!(failure && stale && reused && !fresh_only && may_repeat(request, sent))) co_return failure;
    request.exchange.request_body().rewind();
    fresh_only = true;
  }
}

}  // namespace cardea::proxy
