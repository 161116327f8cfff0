// SPDX-License-Identifier: Apache-2.0
#include "translate/grpc_match.h"

#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "base/regex.h"
#include "translate/http_match.h"

namespace cardea::translate {
namespace {

std::unexpected<Problem> unsupported(std::string message) {
  return std::unexpected(Problem{reason::kUnsupportedValue, std::move(message)});
}

std::expected<plan::PathMatch, Problem> exact(const api::GRPCMethodMatch& match) {
  for (const std::string* name : {&match.service, &match.method}) {
    if (name->contains('/')) return unsupported(fmt::format("method: \"{}\" is no name of a service or method", *name));
  }
  if (match.service.empty()) {
    return plan::PathMatch{plan::PathMatchType::RegularExpression, "/[^/]+/" + base::quote_regex(match.method)};
  }
  if (match.method.empty()) return plan::PathMatch{plan::PathMatchType::PathPrefix, normal_path("/" + match.service)};
  return plan::PathMatch{plan::PathMatchType::Exact, normal_path(fmt::format("/{}/{}", match.service, match.method))};
}

std::expected<plan::PathMatch, Problem> regular_expression(const api::GRPCMethodMatch& match) {
  std::string pattern;
  for (const auto& [what, part] : {std::pair("service", &match.service), std::pair("method", &match.method)}) {
    const auto checked = base::check_regex(*part);
    if (!checked) return unsupported(fmt::format("{}: {}", what, checked.error().message));
    pattern += part->empty() ? "/[^/]+" : fmt::format("/(?:{})", *part);
  }
  return plan::PathMatch{plan::PathMatchType::RegularExpression, std::move(pattern)};
}

std::expected<plan::PathMatch, Problem> translate_method(const std::optional<api::GRPCMethodMatch>& match) {
  if (!match || (match->service.empty() && match->method.empty())) return plan::PathMatch{};
  switch (match->type.value) {
    case api::MatchType::Exact: return exact(*match);
    case api::MatchType::RegularExpression: return regular_expression(*match);
    case api::MatchType::Unknown: break;
  }
  return unsupported(fmt::format("method match type {} is not known", match->type.text()));
}

}  // namespace

std::expected<plan::RouteMatch, Problem> translate_match(const api::GRPCRouteMatch& match) {
  plan::RouteMatch translated;
  auto path = translate_method(match.method);
  if (!path) return std::unexpected(std::move(path.error()));
  translated.path = std::move(*path);
  translated.method = "POST";
  auto headers = translate_headers(match.headers);
  if (!headers) return std::unexpected(std::move(headers.error()));
  translated.headers = std::move(*headers);
  return translated;
}

GrpcRank rank_of(const api::GRPCRouteMatch& match) {
  if (!match.method) return {};
  return {.exact = match.method->type == api::MatchType::Exact,
          .service = match.method->service.size(),
          .method = match.method->method.size()};
}

}  // namespace cardea::translate
