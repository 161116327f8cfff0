// SPDX-License-Identifier: Apache-2.0
#include "proxy/external_auth.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include "base/strings.h"
#include "http/framing.h"
#include "http/grpc.h"
#include "proxy/answer.h"
#include "proxy/apply_filters.h"
#include "proxy/check_message.h"
#include "proxy/filter/external_auth.h"
#include "proxy/side_request.h"
#include "proxy/worker.h"

namespace cardea::proxy {
namespace {

// The client's own misfortunes are told as such; all else is that nobody could be asked.
Failure no_verdict(const Request& request, Failure failure) {
  if (failure.reason == Reason::ClientAborted || failure.reason == Reason::Draining) return failure;
  if (request.worker.loop().now() >= request.deadline) return {Reason::RequestTimeout, "external_auth"};
  return {Reason::AuthUnavailable, name_of(failure.reason)};
}

// The client may wait for a word before it sends its body. It has ours, so the backend is not asked for one.
void invite_body(Request& request) {
  if (http::expectation(request.head()) != http::Expectation::Continue) return;
  http::ResponseHead invitation;
  invitation.status = 100;
  request.exchange.inform(invitation);
  request.head().fields.remove(http::HeaderId::Expect);
}

// The whole body of the request, which stays there to be forwarded. One that asks for an upgrade may have a body too, and what
// follows the upgrade is not there yet.
async::Task<Failure> read_whole_body(Request& request, std::size_t limit, std::string& into) {
  const http::DeclaredBody& declared = request.head().body;
  if (declared.has_length && declared.length > limit) co_return Failure{Reason::BodyTooLarge, "external_auth"};
  invite_body(request);
  if (request.exchange.response_body().flush() == conn::WriteStatus::Failed) co_return Failure{Reason::ClientAborted, ""};
  async::Loop& loop = request.worker.loop();
  conn::BodyReader& body = request.keep_body();
  const auto patience = static_cast<std::uint64_t>(request.settings().body_idle_timeout.count());
  std::span<const char> data;
  for (;;) {
    switch (body.peek(data)) {
      case conn::ReadStatus::Data:
        if (data.size() > limit - into.size()) co_return Failure{Reason::BodyTooLarge, "external_auth"};
        into.append(data.data(), data.size());
        body.consume(data.size());
        continue;
      case conn::ReadStatus::End:
        body.rewind();
        co_return Failure{};
      case conn::ReadStatus::Failed:
        if (body.fault() == http::Fault::None) co_return Failure{Reason::ClientAborted, "within the request body"};
        co_return Failure{Reason::MalformedRequest, http::fault_name(body.fault())};
      case conn::ReadStatus::WouldBlock:
        break;
    }
    const async::Deadline deadline = std::min(request.deadline, loop.after_or_never(patience));
    const async::Wake wake = co_await async::wait_any(loop, deadline, body.ready(), request.exchange.client_changed());
    if (request.exchange.client_gone()) co_return Failure{Reason::ClientAborted, "within the request body"};
    if (wake == async::Wake::Ended) co_return Failure{Reason::Draining, ""};
    if (wake == async::Wake::TimedOut) {
      co_return Failure{deadline == request.deadline ? Reason::RequestTimeout : Reason::RequestBodyTimeout, "external_auth"};
    }
  }
}

// --- HTTP -----------------------------------------------------------------------------------------------------------

// The service's answer is the client's.
async::Task<Failure> deny(Request& request, SideRequest& asked) {
  http::ResponseHead& answer = asked.answer();
  apply_cors(request, answer);
  request.status = answer.status;
  request.respond(answer);
  if (const Failure failure = co_await asked.relay_body()) co_return failure;
  co_return Failure{Reason::AuthDenied, ""};
}

async::Task<Failure> ask_over_http(Request& request, const CompiledAuth& auth, std::string_view body) {
  http::TextArena& arena = request.exchange.arena;
  http::RequestHead head;
  make_auth_request(*auth.plan, request.head(), body.size(), arena, head);
  SideRequest asked(request, auth, plan::RouteKind::HTTPRoute, request.settings().external_auth_timeout);
  if (const Failure failure = co_await asked.send(head, body)) co_return no_verdict(request, failure);
  if (asked.answer().status != 200) co_return co_await deny(request, asked);
  take_over(*auth.plan, asked.answer(), arena, request.head());
  asked.drop_body();
  co_return Failure{};
}

// --- gRPC -----------------------------------------------------------------------------------------------------------

std::int64_t seconds_now() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

// The port of "192.0.2.1:40112", if that is who began the request.
std::uint16_t port_of_client(const Request& request) {
  if (request.from.ip != request.client.ip) return 0;
  const std::string_view address = request.client.address;
  return base::parse_uint<std::uint16_t>(address.substr(address.rfind(':') + 1)).value_or(0);
}

std::string question(Request& request, const CompiledAuth& auth, std::string_view body) {
  const http::RequestHead& head = request.head();
  http::TextArena& arena = request.exchange.arena;
  const bool known = head.body.has_length || !head.body.chunked;
  return write_check({
      .source = {request.from.ip, port_of_client(request)},
      .destination = {request.bind->address(), request.bind->port()},
      .seconds = seconds_now(),
      .id = request.request_id,
      .method = head.method_text,
      .headers = headers_to_show(*auth.plan, head, arena),
      .path = head.has_query ? arena.concat({head.path, "?", head.query}) : head.path,
      .host = head.authority,
      .scheme = request.listener->scheme(),
      .size = known ? static_cast<std::int64_t>(head.body.length) : -1,
      .protocol = head.version == http::Version::Http2 ? "HTTP/2" : head.version == http::Version::Http11 ? "HTTP/1.1" : "HTTP/1.0",
      .body = body,
  });
}

void make_call(const Request& request, http::RequestHead& head) {
  head.method = http::Method::Post;
  head.method_text = "POST";
  head.path = kCheckPath;
  head.body.chunked = true;
  head.fields.append(http::HeaderId::ContentType, "application/grpc");
  head.fields.append(http::HeaderId::Te, "trailers");
  head.fields.append(http::HeaderId::XRequestId, request.request_id);
  const http::Fields& fields = request.exchange.request.fields;
  if (const auto trace = fields.get(http::HeaderId::Traceparent); !trace.empty()) head.fields.append(http::HeaderId::Traceparent, trace);
}

// The one message of the answer; nothing when the call failed or says something else.
std::optional<CheckVerdict> read_verdict(SideRequest& call, bool call_ok, std::string_view body) {
  const http::Fields& trailers = call.trailers();
  if (!call_ok || trailers.count(http::HeaderId::GrpcStatus) != 1 || trailers.get(http::HeaderId::GrpcStatus) != "0") return std::nullopt;
  const auto message = http::one_grpc_message(body);
  return message ? read_check(*message) : std::nullopt;
}

async::Task<Failure> deny(Request& request, const CheckVerdict& verdict) {
  http::ResponseHead answer;
  answer.status = verdict.status;
  apply_auth_headers(verdict.headers, request.exchange.arena, answer.fields);
  const bool may_have_body = answer.status != 204 && answer.status != 304;
  const std::string_view body = may_have_body ? std::string_view(verdict.body) : std::string_view();
  if (!body.empty() && !answer.fields.has(http::HeaderId::ContentType)) {
    answer.fields.append(http::HeaderId::ContentType, "text/plain; charset=utf-8");
  }
  apply_cors(request, answer);
  co_await answer_client(request, answer, body);
  co_return Failure{Reason::AuthDenied, ""};
}

async::Task<Failure> ask_over_grpc(Request& request, const CompiledAuth& auth, std::string_view body) {
  const std::string message = http::grpc_frame(question(request, auth, body));
  http::RequestHead head;
  make_call(request, head);
  std::optional<CheckVerdict> verdict;
  {
    SideRequest call(request, auth, plan::RouteKind::GRPCRoute, request.settings().external_auth_timeout);
    Failure failure = co_await call.send(head, message);
    const bool call_ok = !failure && call.answer().status == 200 && !call.answer().fields.has(http::HeaderId::GrpcStatus);
    std::string answer;
    if (!failure) failure = co_await call.read_body(answer, request.settings().max_auth_answer_bytes);
    if (failure) co_return no_verdict(request, failure);
    verdict = read_verdict(call, call_ok, answer);
  }
  if (!verdict) co_return no_verdict(request, {Reason::BackendMalformed, ""});
  if (!verdict->allowed) co_return co_await deny(request, *verdict);
  apply_auth_headers(verdict->headers, request.exchange.arena, request.head().fields);
  remove_auth_headers(verdict->remove, request.head().fields);
  std::ranges::move(verdict->response_headers, std::back_inserter(request.response_headers));
  co_return Failure{};
}

}  // namespace

async::Task<Failure> ask_external_auth(Request& request, const CompiledAuth& auth) {
  if (!auth.backend) co_return Failure{Reason::BackendInvalid, "external_auth"};
  const Settings& settings = request.settings();
  std::string body;
  if (auth.plan->max_body_bytes > 0) {
    const std::size_t limit = std::min<std::size_t>(auth.plan->max_body_bytes, settings.max_replay_bytes);
    if (const Failure failure = co_await read_whole_body(request, limit, body)) co_return failure;
  }
  if (auth.plan->protocol == plan::AuthProtocol::GRPC) co_return co_await ask_over_grpc(request, auth, body);
  co_return co_await ask_over_http(request, auth, body);
}

}  // namespace cardea::proxy
