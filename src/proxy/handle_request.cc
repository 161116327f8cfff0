// SPDX-License-Identifier: Apache-2.0
#include "proxy/handle_request.h"

#include <string_view>

#include "http/framing.h"
#include "http/hop_by_hop.h"
#include "http/upgrade.h"
#include "proxy/filter/header_modifier.h"
#include "proxy/filter/request_mirror.h"
#include "proxy/filter/request_redirect.h"
#include "proxy/filter/url_rewrite.h"
#include "proxy/forward.h"
#include "proxy/worker.h"

namespace cardea::proxy {
namespace {

// What a response of ours may take to be sent.
constexpr std::uint64_t kOwnResponseMs = 30'000;

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
// says for whom we forward.
Failure normalize_request(Request& request) {
  http::RequestHead& head = request.head();
  request.client_host = head.authority;
  request.client_target = head.target;
  const auto upgrade = http::upgrade_kind(head);
  if (upgrade == http::UpgradeKind::Malformed) return {Reason::MalformedRequest, "bad_websocket_handshake"};
  const bool keep_upgrade = upgrade == http::UpgradeKind::WebSocket || upgrade == http::UpgradeKind::Other;
  const http::Fault fault = http::strip_hop_by_hop(head.fields, keep_upgrade);
  if (fault != http::Fault::None) return {Reason::MalformedRequest, http::fault_name(fault)};
  request.request_id =
      request_id(head.fields.get(http::HeaderId::XRequestId), request.worker.random(), request.request_id_text);
  return {};
}

Failure match_route(Request& request) {
  if (!request.bind) return {Reason::NoListener, "the listener was removed"};
  const ListenerChoice choice = request.bind->choose(request.head().host, request.connection_listener);
  if (!choice.listener) return {choice.reason, ""};
  request.listener = choice.listener;
  request.rule = choice.listener->match_route(request.head(), request.exchange.arena);
  if (!request.rule) return {Reason::NoRoute, ""};
  request.rule->series->counters.at(request.worker.index()).active.add();
  if (request.rule->fault != Reason::None) return {request.rule->fault, ""};
  return {};
}

// Nothing of the client's is believed: who it is and how it came is what we saw.
void tell_forwarded(Request& request) {
  http::RequestHead& head = request.head();
  head.fields.set(http::HeaderId::XForwardedFor, request.client.ip);
  head.fields.set(http::HeaderId::XForwardedProto, request.listener->scheme());
  if (request.client_host.empty()) head.fields.remove(http::HeaderId::XForwardedHost);
  else head.fields.set(http::HeaderId::XForwardedHost, request.client_host);
  head.fields.set(http::HeaderId::XRequestId, request.request_id);
}

async::Deadline own_response_deadline(Request& request) { return request.worker.loop().after(kOwnResponseMs); }

async::Task<void> redirect(Request& request, const plan::RequestRedirect& filter) {
  const RedirectOrigin origin{request.listener->scheme(), request.listener->plan().advertised_port};
  http::ResponseHead head;
  head.status = filter.status_code;
  head.body.has_length = true;
  head.fields.append(http::HeaderId::Location,
                     redirect_location(filter, request.head(), origin, request.exchange.arena));
  for (const auto& other : request.rule->plan->filters) {
    const auto* modifier = std::get_if<plan::ResponseHeaderModifier>(&other);
    if (modifier) apply_response_header_modifier(*modifier, head);
  }
  request.status = filter.status_code;
  request.respond(head);
  request.exchange.response_body().finish({});
  const bool sent = co_await conn::flush(request.worker.loop(), request.exchange.response_body(), own_response_deadline(request));
  if (!sent) request.exchange.response_body().abort();
}

// In the order of the rule's list. The redirect that answers, if there is one.
const plan::RequestRedirect* apply_request_filters(Request& request) {
  for (const auto& filter : request.rule->plan->filters) {
    if (const auto* modifier = std::get_if<plan::RequestHeaderModifier>(&filter)) {
      apply_request_header_modifier(*modifier, request.head());
    } else if (const auto* rewrite = std::get_if<plan::UrlRewrite>(&filter)) {
      apply_url_rewrite(*rewrite, request.head(), request.exchange.arena);
    } else if (const auto* mirror = std::get_if<plan::RequestMirror>(&filter)) {
      apply_request_mirror(*mirror, request.rule->mirrors, request);
    } else if (const auto* found = std::get_if<plan::RequestRedirect>(&filter)) {
      return found;
    }
  }
  return nullptr;
}

// The answer of ours to what went wrong; nothing, but an end, once a response was begun.
async::Task<void> answer_failure(Request& request) {
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
  if (info.close || request.client.ending.requested()) exchange.close_after();
  request.status_by_backend = false;
  co_await conn::respond_with_text(exchange, request.status, "text/plain; charset=utf-8", info.message,
                                   own_response_deadline(request));
}

}  // namespace

async::Task<void> handle_request(Request& request) {
  request.failure = admit(request);
  if (!request.failure) request.failure = normalize_request(request);
  if (!request.failure) request.failure = match_route(request);
  if (!request.failure) {
    tell_forwarded(request);
    if (const auto* found = apply_request_filters(request)) {
      co_await redirect(request, *found);
      co_return;
    }
    request.failure = co_await forward_with_retries(request);
  }
  if (request.failure) co_await answer_failure(request);
}

async::Task<void> refuse_request(Request& request, Failure failure, std::uint16_t status) {
  request.client_target = request.head().target;
  request.failure = failure;
  request.status = status;
  co_await answer_failure(request);
}

}  // namespace cardea::proxy
