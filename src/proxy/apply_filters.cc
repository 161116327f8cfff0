// SPDX-License-Identifier: Apache-2.0
#include "proxy/apply_filters.h"

#include "proxy/filter/cors.h"
#include "proxy/filter/header_modifier.h"
#include "proxy/filter/request_mirror.h"
#include "proxy/filter/url_rewrite.h"
#include "proxy/worker.h"

namespace cardea::proxy {

namespace {

// The redirect that answers, if there is one.
const plan::RequestRedirect* apply(const std::vector<plan::Filter>& filters, const std::vector<CompiledMirror>& mirrors,
                                   Request& request) {
  for (const auto& filter : filters) {
    if (const auto* modifier = std::get_if<plan::RequestHeaderModifier>(&filter)) {
      apply_request_header_modifier(*modifier, request.head());
    } else if (const auto* rewrite = std::get_if<plan::UrlRewrite>(&filter)) {
      apply_url_rewrite(*rewrite, request.head(), request.exchange.arena);
    } else if (const auto* mirror = std::get_if<plan::RequestMirror>(&filter)) {
      apply_request_mirror(*mirror, mirrors, request);
    } else if (const auto* found = std::get_if<plan::RequestRedirect>(&filter)) {
      return found;
    }
  }
  return nullptr;
}

void modify_response(const std::vector<plan::Filter>& filters, http::ResponseHead& response) {
  for (const auto& filter : filters) {
    const auto* modifier = std::get_if<plan::ResponseHeaderModifier>(&filter);
    if (modifier) apply_response_header_modifier(*modifier, response);
  }
}

// The rule's, else the backendRef's.
const CorsFilter* cors_of(const Request& request) {
  if (!request.rule) return nullptr;
  if (request.rule->cors) return request.rule->cors.get();
  return request.backend ? request.backend->cors.get() : nullptr;
}

}  // namespace

OwnAnswer apply_rule_filters(Request& request) {
  const CompiledRule& rule = *request.rule;
  if (request.preflight && rule.cors) return {.redirect = nullptr, .preflight = rule.cors.get()};
  return {.redirect = apply(rule.plan->filters, rule.mirrors, request), .preflight = nullptr};
}

Failure choose_backend(Request& request) {
  if (resume_session(request)) return {request.backend->fault, ""};
  request.backend = pick_backend(*request.rule, request.worker.random());
  if (!request.backend) return {Reason::NoBackends, ""};
  return {request.backend->fault, ""};
}

OwnAnswer apply_backend_filters(Request& request) {
  const CompiledBackendRef& backend = *request.backend;
  if (request.preflight && backend.cors) return {.redirect = nullptr, .preflight = backend.cors.get()};
  return {.redirect = apply(backend.plan->filters, backend.mirrors, request), .preflight = nullptr};
}

void apply_cors(Request& request, http::ResponseHead& response) {
  const CorsFilter* cors = cors_of(request);
  if (cors) cors->decorate(request.cors, response, request.exchange.arena);
}

void apply_response_filters(Request& request, http::ResponseHead& response) {
  modify_response(request.rule->plan->filters, response);
  if (request.backend) modify_response(request.backend->plan->filters, response);
  tell_session(request, response);
  // Last, since it may have to name all fields that there are.
  apply_cors(request, response);
}

}  // namespace cardea::proxy
