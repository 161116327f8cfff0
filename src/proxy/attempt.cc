// SPDX-License-Identifier: Apache-2.0
#include "proxy/attempt.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "http/hop_by_hop.h"
#include "http/upgrade.h"
#include "proxy/apply_filters.h"
#include "proxy/filter/forwarded.h"
#include "proxy/worker.h"

namespace cardea::proxy {

using conn::ClientExchange;
using conn::Pump;
using conn::PumpStatus;

std::chrono::microseconds since(SteadyTime began) {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - began);
}

namespace {
std::uint64_t milliseconds(std::chrono::milliseconds duration) { return static_cast<std::uint64_t>(duration.count()); }
}  // namespace

Attempt::Attempt(Request& request, conn::ClientConnection& connection, const AttemptTerms& terms)
    : request_(request),
      exchange_(request.exchange),
      backend_(connection),
      terms_(terms),
      upload_(terms.body, backend_->request_body(), request.settings().max_request_body_bytes) {}

async::Task<Tried> Attempt::run() {
  Tried tried{.failure = co_await exchange(), .unwanted = unwanted_, .connected = true};
  tried.unanswered = !backend_->anything_received();
  tried.sent = backend_->anything_sent();
  tried.closing = backend_->closing();
  co_return tried;
}

async::Task<Failure> Attempt::exchange() {
  backend_->send_head(exchange_.request, wants_upgrade());
  Failure failure = co_await read_final_head();
  if (failure) co_return failure;
  if (is_unwanted()) {
    drop_response();
    co_return Failure{};
  }
  failure = begin_response();
  if (!failure) failure = co_await relay_response();
  co_return failure;
}

// Another try must have a chance within the request's time: else this answer is better than none.
bool Attempt::is_unwanted() const {
  if (!terms_.retries.wants(head_.status) || !terms_.body.rewindable()) return false;
  const auto wait = milliseconds(terms_.retries.least_backoff());
  return request_.deadline == async::kNever || request_.worker.loop().now() + wait < request_.deadline;
}

// What is there already of the response's body is usually all of it: reading that saves the connection.
void Attempt::drop_response() {
  unwanted_ = true;
  conn::discard(backend_->response_body());
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
      const http::Fault fault = terms_.body.fault();
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
    switch (informed == conn::WriteStatus::Ok ? backend_->try_read_head(head_) : ClientExchange::Head::WouldBlock) {
      case ClientExchange::Head::Complete:
        request_.backend_status = head_.status;
        request_.backend_duration = since(terms_.began);
        if (head_.status >= 200 || head_.status == 101) co_return Failure{};
        if (http::strip_hop_by_hop(head_.fields, false) != http::Fault::None) co_return Failure{Reason::BackendMalformed, "1xx"};
        // A client that was told to send its body is not told again by a later try.
        if (head_.status != 100 || request_.tries == 1) exchange_.inform(head_);
        busy_ = true;
        break;
      case ClientExchange::Head::Malformed:
        co_return Failure{backend_->fault() == http::Fault::HeadTooLarge ? Reason::BackendHeadTooLarge : Reason::BackendMalformed,
                          http::fault_name(backend_->fault())};
      case ClientExchange::Head::Closed:
        co_return backend_closed();
      case ClientExchange::Head::WouldBlock:
        if (upload_failed_) co_return backend_closed();
        break;
    }
    if (const Failure failure = co_await wait()) co_return failure;
  }
}

Failure Attempt::backend_closed() {
  switch (backend_->closing()) {
    case ClientExchange::Closing::Refused:
      return {Reason::BackendReset, "refused"};
    case ClientExchange::Closing::WantsHttp1:
      return {Reason::BackendReset, "HTTP/1.1 required"};
    case ClientExchange::Closing::Silent:
      return {Reason::BackendTimeout, "no answer to PING"};
    case ClientExchange::Closing::Broken:
      break;
  }
  return {Reason::BackendReset, backend_->anything_received() ? "within the response head" : "before the response"};
}

Failure Attempt::timed_out() const {
  return {terms_.deadline == request_.deadline ? Reason::RequestTimeout : Reason::BackendTimeout, ""};
}

// Until any of the four directions may move. One wait for all of them keeps this simple; what moves nothing waits again.
async::Task<Failure> Attempt::wait() {
  async::Loop& loop = request_.worker.loop();
  if (std::exchange(busy_, false)) {
    co_await loop.yield();
    if (exchange_.client_gone()) co_return Failure{Reason::ClientAborted, ""};
    if (loop.ended()) co_return Failure{Reason::Draining, ""};
    co_return terms_.deadline <= loop.now() ? timed_out() : Failure{};
  }
  async::Deadline deadline = terms_.deadline;
  if (upload_waits_for_client_ && !tunnel_ && !exchange_.responded()) {
    deadline = std::min(deadline, loop.after_or_never(milliseconds(request_.settings().body_idle_timeout)));
  }
  const async::Wake wake = co_await async::wait_any(loop, deadline, backend_->ready(), backend_->request_body().ready(),
                                                    exchange_.client_changed(), exchange_.response_body().ready());
  if (exchange_.client_gone()) co_return Failure{Reason::ClientAborted, ""};
  if (wake == async::Wake::Ended) co_return Failure{Reason::Draining, ""};
  if (wake == async::Wake::TimedOut) co_return deadline == terms_.deadline ? timed_out() : Failure{Reason::RequestBodyTimeout, ""};
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
  apply_response_filters(request_, head_);
  const std::string_view via = request_.settings().via;
  if (!via.empty()) add_via(head_.version, via, head_.fields, exchange_.arena);
  request_.status = head_.status;
  request_.status_by_backend = true;
  if (tunnel_) {
    terms_.deadline = async::kNever;
    backend_->begin_tunnel();
    upload_.restart_without_limit(exchange_.request_body());
    uploading_ = true;
  }
  request_.respond(head_);
  return {};
}

async::Task<Failure> Attempt::relay_response() {
  Pump download(backend_->response_body(), exchange_.response_body());
  bool downloading = true;
  for (;;) {
    if (downloading) {
      switch (download.run()) {
        case PumpStatus::Done:
          downloading = false;
          break;
        case PumpStatus::ReadFailed:
          co_return Failure{Reason::BackendTruncated, http::fault_name(backend_->response_body().fault())};
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

}  // namespace cardea::proxy
