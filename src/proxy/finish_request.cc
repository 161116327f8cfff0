// SPDX-License-Identifier: Apache-2.0
// The last step of a request: its counters and its line in the access log.
#include <chrono>

#include "proxy/handle_request.h"
#include "proxy/worker.h"

namespace cardea::proxy {
namespace {

void count(Request& request, std::chrono::microseconds duration) {
  const unsigned worker = request.worker.index();
  const bool failed = request.failure.reason != Reason::None;
  if (request.rule) {
    RuleCounters& counters = request.rule->series->counters.at(worker);
    counters.active.sub();
    counters.responses.record(request.status);
    counters.duration.record(static_cast<std::uint64_t>(duration.count()));
    counters.bytes_in.add(request.exchange.request_body().bytes_read());
    counters.bytes_out.add(request.exchange.response_body().bytes_written());
  }
  if (request.listener) {
    ListenerCounters& counters = request.listener->series().counters.at(worker);
    if (failed) counters.failures.record(request.failure.reason);
    if (!request.rule) counters.responses.record(request.status);
  } else if (request.bind) {
    BindCounters& counters = request.bind->series().counters.at(worker);
    if (failed) counters.failures.record(request.failure.reason);
    counters.responses.record(request.status);
  }
}

std::string_view protocol_of(const http::RequestHead& head) {
  switch (head.version) {
    case http::Version::Http10:
      return "HTTP/1.0";
    case http::Version::Http11:
      return "HTTP/1.1";
    case http::Version::Http2:
      break;
  }
  return "HTTP/2.0";
}

void log(Request& request, std::chrono::microseconds duration) {
  const http::RequestHead& head = request.head();
  AccessLogEntry entry;
  entry.time = std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now()) - duration;
  entry.request_id = request.request_id;
  entry.trace_id = request.trace_id;
  const bool behind_proxy = !request.from.ip.empty() && request.from.ip != request.client.ip;
  entry.client = behind_proxy ? request.from.ip : request.client.address;
  if (behind_proxy) entry.peer = request.client.address;
  if (request.listener) {
    entry.gateway = &request.listener->gateway();
    entry.listener = &request.listener->plan();
  }
  if (request.rule) entry.rule = request.rule->plan.get();
  if (request.backend) entry.backend = request.backend->plan->id;
  entry.endpoint = request.endpoint;
  entry.method = head.method_text;
  entry.host = request.client_host;
  entry.path = request.client_target;
  entry.protocol = protocol_of(head);
  entry.user_agent = head.fields.get(http::HeaderId::UserAgent);
  entry.status = request.status;
  entry.backend_status = request.backend_status == request.status ? 0 : request.backend_status;
  entry.failure = request.failure;
  entry.grpc_status = request.grpc_status;
  entry.status_by_backend = request.status_by_backend;
  entry.duration = duration;
  entry.backend_duration = request.backend_duration;
  entry.bytes_in = request.exchange.request_body().bytes_read();
  entry.bytes_out = request.exchange.response_body().bytes_written();
  entry.tries = request.tries;
  request.worker.access_log().write(entry);
}

}  // namespace

void finish_request(Request& request) {
  const bool client_left = request.failure.reason == Reason::ClientAborted || request.failure.reason == Reason::ClientStalled;
  if (request.status == 0 && client_left) request.status = kClientAbortedStatus;
  const auto duration =
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - request.started);
  count(request, duration);
  if (request.settings().access_log) log(request, duration);
}

}  // namespace cardea::proxy
