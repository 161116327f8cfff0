// SPDX-License-Identifier: Apache-2.0
#include "proxy/apply_filters.h"

#include <algorithm>

#include "proxy/filter/cors.h"
#include "proxy/filter/external_auth.h"
#include "proxy/filter/header_modifier.h"
#include "proxy/filter/request_mirror.h"
#include "proxy/filter/url_rewrite.h"
#include "proxy/worker.h"

namespace cardea::proxy {

namespace {

// From the filter `first` on. `of`: the compiled rule or backendRef that has the list.
template <class Compiled>
FilterStop apply(const std::vector<plan::Filter>& filters, std::size_t first, const Compiled& of, Request& request) {
  if (request.preflight && of.cors) return {.preflight = of.cors.get()};
  for (std::size_t i = first; i < filters.size(); ++i) {
    const plan::Filter& filter = filters[i];
    if (const auto* modifier = std::get_if<plan::RequestHeaderModifier>(&filter)) {
      apply_request_header_modifier(*modifier, request.head());
    } else if (const auto* rewrite = std::get_if<plan::UrlRewrite>(&filter)) {
      apply_url_rewrite(*rewrite, request.head(), request.exchange.arena);
    } else if (const auto* mirror = std::get_if<plan::RequestMirror>(&filter)) {
      apply_request_mirror(*mirror, of.mirrors, request);
    } else if (const auto* redirect = std::get_if<plan::RequestRedirect>(&filter)) {
      return {.redirect = redirect};
    } else if (const auto* auth = std::get_if<plan::ExternalAuth>(&filter)) {
      return {.auth = &*std::ranges::find(of.auths, auth, &CompiledAuth::plan), .next = i + 1};
    }
  }
  return {};
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

FilterStop apply_rule_filters(Request& request, std::size_t first) {
  return apply(request.rule->plan->filters, first, *request.rule, request);
}

FilterStop apply_backend_filters(Request& request, std::size_t first) {
  return apply(request.backend->plan->filters, first, *request.backend, request);
}

void apply_cors(Request& request, http::ResponseHead& response) {
  const CorsFilter* cors = cors_of(request);
  if (cors) cors->decorate(request.cors, response, request.exchange.arena);
}

void apply_response_filters(Request& request, http::ResponseHead& response) {
  apply_auth_headers(request.response_headers, request.exchange.arena, response.fields);
  modify_response(request.rule->plan->filters, response);
  if (request.backend) modify_response(request.backend->plan->filters, response);
  tell_session(request, response);
  // Last, since it may have to name all fields that there are.
  apply_cors(request, response);
}

}  // namespace cardea::proxy
