// SPDX-License-Identifier: Apache-2.0
#include "proxy/handle_request.h"

#include <charconv>
#include <string_view>

#include "http/framing.h"
#include "http/grpc.h"
#include "http/hop_by_hop.h"
#include "http/upgrade.h"
#include "proxy/answer.h"
#include "proxy/apply_filters.h"
#include "proxy/choose_backend.h"
#include "proxy/external_auth.h"
#include "proxy/filter/request_redirect.h"
#include "proxy/forward.h"
#include "proxy/trace_context.h"
#include "proxy/worker.h"

namespace cardea::proxy {
namespace {

// So many passes are no accident of one proxy behind another of the same name.
constexpr std::size_t kMaxPasses = 16;

// RFC 9110: what no route can make right.
Failure admit(const Request& request) {
  const http::RequestHead& head = request.exchange.request;
  if (head.method == http::Method::Connect) return {Reason::UnsupportedMethod, "connect"};
  if (http::expectation(head) == http::Expectation::Unknown) return {Reason::UnknownExpectation, ""};
  const auto limit = request.settings().max_request_body_bytes;
  if (limit != 0 && head.body.length > limit) return {Reason::BodyTooLarge, "content_length"};
  return {};
}

// One form for matching and forwarding: the parser made it of host and path; this takes out what concerns one hop, and
// gives the request its names.
Failure normalize_request(Request& request) {
  http::RequestHead& head = request.head();
  const Settings& settings = request.settings();
  request.client_host = head.authority;
  request.client_target = head.target;
  const auto upgrade = http::upgrade_kind(head);
  if (upgrade == http::UpgradeKind::Malformed) return {Reason::MalformedRequest, "bad_websocket_handshake"};
  const bool keep_upgrade = upgrade == http::UpgradeKind::WebSocket || upgrade == http::UpgradeKind::Other;
  const http::Fault fault = http::strip_hop_by_hop(head.fields, keep_upgrade);
  if (fault != http::Fault::None) return {Reason::MalformedRequest, http::fault_name(fault)};
  request.request_id =
      request_id(head.fields.get(http::HeaderId::XRequestId), request.worker.random(), request.request_id_text);
  request.trace_id = carry_trace(head.fields, settings.trace_sampling_percent, request.worker.random(), request.exchange.arena);
  if (!settings.via.empty() && count_in_via(head.fields, settings.via) >= kMaxPasses) return {Reason::LoopDetected, ""};
  return {};
}

// A preflight is for the rule that the request which it announces would have, if that rule answers preflights.
const CompiledRule* find_rule(Request& request) {
  const CompiledListener& listener = *request.listener;
  http::TextArena& arena = request.exchange.arena;
  request.preflight = preflight_of(request.head(), arena);
  if (request.preflight) {
    const CompiledRule* rule = listener.match_route(request.head(), arena, &*request.preflight);
    if (rule && rule->has_cors) return rule;
    request.preflight.reset();
  }
  return listener.match_route(request.head(), arena);
}

Failure match_route(Request& request) {
  if (!request.bind) return {Reason::NoListener, "the listener was removed"};
  const ListenerChoice choice = request.bind->choose(request.head().host, request.connection_listener);
  request.listener = choice.listener;
  request.from = decide_client(request.client.ip, request.head().fields, request.settings().trusted_proxies, request.exchange.arena);
  if (!choice.listener) return {choice.reason, ""};
  request.rule = find_rule(request);
  if (!request.rule) return {Reason::NoRoute, ""};
  request.rule->series->counters.at(request.worker.index()).active.add();
  if (request.rule->has_cors) request.cors = cors_request(request.head());
  if (request.rule->fault != Reason::None) return {request.rule->fault, ""};
  return {};
}

// For whom we forward, and how it came to us.
void introduce(Request& request) {
  http::RequestHead& head = request.head();
  http::TextArena& arena = request.exchange.arena;
  const Arrival arrival{.peer = request.client.ip,
                        .scheme = request.listener->scheme(),
                        .host = request.client_host,
                        .port = request.listener->plan().advertised_port};
  tell_forwarded(request.from, arrival, head.fields, arena);
  head.fields.set(http::HeaderId::XRequestId, request.request_id);
  const std::string_view via = request.settings().via;
  if (!via.empty()) add_via(head.version, via, head.fields, arena);
}

async::Task<void> redirect(Request& request, const plan::RequestRedirect& filter) {
  const RedirectOrigin origin{request.listener->scheme(), request.listener->plan().advertised_port};
  http::ResponseHead head;
  head.status = filter.status_code;
  head.fields.append(http::HeaderId::Location,
                     redirect_location(filter, request.head(), origin, request.exchange.arena));
  apply_response_filters(request, head);
  co_await answer_client(request, head, "");
}

async::Task<void> give(Request& request, const FilterStop& own) {
  if (own.redirect) co_return co_await redirect(request, *own.redirect);
  http::ResponseHead head;
  head.status = 200;
  own.preflight->answer_preflight(request.cors, *request.preflight, head);
  co_await answer_client(request, head, "");
}

// Max-Forwards was 0: we are whom the request is for (RFC 9110 section 7.6.2).
async::Task<void> answer_as_last(Request& request) {
  http::ResponseHead head;
  head.status = 200;
  std::string_view text;
  if (request.head().method == http::Method::Trace) {
    text = traced_request(request.head(), request.exchange.arena);
    head.fields.append(http::HeaderId::ContentType, "message/http");
  }
  co_await answer_client(request, head, text);
}

// A client of gRPC gets its own form of a failure: a response of trailers alone.
async::Task<void> answer_grpc_failure(Request& request, const FailureInfo& info) {
  http::ResponseHead head;
  head.status = 200;
  request.grpc_status = info.grpc_status;
  char* const digits = request.exchange.arena.allocate(3);
  const auto end = std::to_chars(digits, digits + 3, unsigned{info.grpc_status}).ptr;
  head.fields.append(http::HeaderId::ContentType, "application/grpc");
  head.fields.append(http::HeaderId::GrpcStatus, {digits, end});
  head.fields.append(http::HeaderId::GrpcMessage, info.message);
  co_await answer_client(request, head, "");
}

// A client of gRPC, unless what is wrong lies below gRPC: the message, or the connection that it came on.
bool is_told_in_grpc(Request& request, Reason reason) {
  return http::is_grpc(request.head()) && reason != Reason::Misdirected && reason != Reason::MalformedRequest;
}

// The answer of ours to what went wrong; nothing, but an end, once a response was begun.
async::Task<void> answer_failure(Request& request, bool understood = true) {
  if (request.failure.reason == Reason::AuthDenied) co_return;  // the service's answer was the client's
  const FailureInfo& info = describe(request.failure.reason);
  conn::Exchange& exchange = request.exchange;
  if (exchange.responded()) {
    if (!exchange.take_back()) {
      exchange.response_body().abort();
      co_return;
    }
    request.status = 0;  // was the backend's
  }
  request.status = request.status ? request.status : info.status;
  if (info.status == 0 || request.failure.reason == Reason::ClientAborted || exchange.client_gone()) co_return;
  if (info.close) exchange.close_after();
  if (understood && is_told_in_grpc(request, info.reason)) co_return co_await answer_grpc_failure(request, info);
  http::ResponseHead head;
  head.status = request.status;
  if (!info.message.empty()) head.fields.append(http::HeaderId::ContentType, "text/plain; charset=utf-8");
  apply_cors(request, head);
  co_await answer_client(request, head, info.message);
}

// Runs a list of filters to where it answers or ends; services that have a say are asked on the way.
async::Task<FilterStop> run_filters(Request& request, FilterStop (*apply)(Request&, std::size_t)) {
  FilterStop stop = apply(request, 0);
  while (stop.auth) {
    request.failure = co_await ask_external_auth(request, *stop.auth);
    if (request.failure) co_return FilterStop{};
    stop = apply(request, stop.next);
  }
  co_return stop;
}

// From a rule to an answer.
async::Task<void> serve(Request& request) {
  request.deadline = request_deadline(request);
  FilterStop stop = request.rule->auths.empty() ? apply_rule_filters(request) : co_await run_filters(request, apply_rule_filters);
  if (!stop && !request.failure) request.failure = choose_backend(request);
  if (!stop && !request.failure) {
    stop = request.backend->auths.empty() ? apply_backend_filters(request) : co_await run_filters(request, apply_backend_filters);
  }
  if (stop && !request.failure) co_return co_await give(request, stop);
  if (!request.failure) request.failure = co_await forward_with_retries(request);
}

}  // namespace

async::Task<void> handle_request(Request& request) {
  request.failure = admit(request);
  if (!request.failure) request.failure = normalize_request(request);
  if (!request.failure && !take_max_forwards(request.head(), request.exchange.arena)) co_return co_await answer_as_last(request);
  if (!request.failure) request.failure = match_route(request);
  if (!request.failure) {
    introduce(request);
    co_await serve(request);
  }
  if (request.failure) co_await answer_failure(request);
}

async::Task<void> refuse_request(Request& request, Failure failure, std::uint16_t status) {
  request.client_target = request.head().target;
  request.failure = failure;
  request.status = status;
  co_await answer_failure(request, false);
}

}  // namespace cardea::proxy
