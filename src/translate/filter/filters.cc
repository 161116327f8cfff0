// SPDX-License-Identifier: Apache-2.0
#include "translate/filter/filters.h"

#include <algorithm>

#include <fmt/format.h>

#include "translate/filter/cors.h"
#include "translate/filter/external_auth.h"
#include "translate/filter/header_modifier.h"
#include "translate/filter/request_mirror.h"
#include "translate/filter/request_redirect.h"
#include "translate/filter/url_rewrite.h"

namespace cardea::translate {
namespace {

using api::RouteFilterType;
using Translated = std::expected<plan::Filter, Problem>;

Translated unsupported(std::string message) { return std::unexpected(Problem{reason::kUnsupportedValue, std::move(message)}); }

// Filters that may stand once in a list; redirect and rewrite shut each other out.
std::optional<Problem> check_combination(const std::vector<api::RouteFilter>& filters) {
  const auto count = [&](RouteFilterType type) {
    return std::ranges::count_if(filters, [&](const api::RouteFilter& filter) { return filter.type == type; });
  };
  using enum RouteFilterType;
  for (const RouteFilterType once : {RequestHeaderModifier, ResponseHeaderModifier, RequestRedirect, URLRewrite, CORS}) {
    if (count(once) > 1) {
      return Problem{reason::kIncompatibleFilters, fmt::format("filter {} stands more than once", api::text_of(once))};
    }
  }
  if (count(RequestRedirect) > 0 && count(URLRewrite) > 0) {
    return Problem{reason::kIncompatibleFilters, "filters RequestRedirect and URLRewrite cannot be combined"};
  }
  return std::nullopt;
}

// Takes what the filter refers to from the front of `place.resolved`.
Translated translate_filter(const api::RouteFilter& filter, FilterPlace& place) {
  switch (filter.type.value) {
    case RouteFilterType::RequestHeaderModifier:
      return translate_request_header_modifier(std::get<api::HTTPHeaderFilter>(filter.config));
    case RouteFilterType::ResponseHeaderModifier:
      return translate_response_header_modifier(std::get<api::HTTPHeaderFilter>(filter.config));
    case RouteFilterType::RequestRedirect:
      return translate_request_redirect(std::get<api::HTTPRequestRedirectFilter>(filter.config), place);
    case RouteFilterType::URLRewrite:
      return translate_url_rewrite(std::get<api::HTTPURLRewriteFilter>(filter.config), place);
    case RouteFilterType::RequestMirror: {
      const ResolvedBackend& resolved = place.resolved.front();
      place.resolved = place.resolved.subspan(1);
      return translate_request_mirror(std::get<api::HTTPRequestMirrorFilter>(filter.config), resolved);
    }
    case RouteFilterType::CORS: return translate_cors(*std::get<api::Rare<api::HTTPCORSFilter>>(filter.config));
    case RouteFilterType::ExternalAuth: {
      const ResolvedBackend& resolved = place.resolved.front();
      place.resolved = place.resolved.subspan(1);
      return translate_external_auth(*std::get<api::Rare<api::HTTPExternalAuthFilter>>(filter.config), resolved);
    }
    case RouteFilterType::ExtensionRef: {
      const auto& ref = std::get<api::LocalObjectReference>(filter.config);
      return unsupported(fmt::format("filter ExtensionRef names a {} of group {}: no such filter is known", ref.kind, ref.group));
    }
    case RouteFilterType::Unknown: break;
  }
  return unsupported(fmt::format("filter {} is not known", filter.type.text()));
}

}  // namespace

std::expected<std::vector<plan::Filter>, Problem> translate_filters(const std::vector<api::RouteFilter>& filters,
                                                                    FilterPlace place) {
  if (auto problem = check_combination(filters)) return std::unexpected(std::move(*problem));
  std::vector<plan::Filter> translated;
  translated.reserve(filters.size());
  for (const api::RouteFilter& filter : filters) {
    auto one = translate_filter(filter, place);
    if (!one) return std::unexpected(std::move(one.error()));
    translated.push_back(std::move(*one));
  }
  return translated;
}

}  // namespace cardea::translate
