// SPDX-License-Identifier: Apache-2.0
#include "translate/http_route.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "translate/http_match.h"
#include "translate/session_persistence.h"

namespace cardea::translate {
namespace {

void draft_matches(const api::HTTPRouteRule& rule, DraftRule& draft) {
  static const std::vector<api::HTTPRouteMatch> everything(1);
  const auto& matches = rule.matches.empty() ? everything : rule.matches;
  for (std::uint32_t index = 0; index < matches.size(); ++index) draft.add(translate_match(matches[index]), index);
}

std::optional<plan::Retry> translate_retry(const api::Rare<api::HTTPRouteRetry>& retry) {
  if (!retry) return std::nullopt;
  plan::Retry translated{.codes = retry->codes, .attempts = std::nullopt, .backoff = retry->backoff};
  std::ranges::sort(translated.codes);
  const auto repeated = std::ranges::unique(translated.codes);
  translated.codes.erase(repeated.begin(), repeated.end());
  if (retry->attempts) {
    translated.attempts = static_cast<std::uint32_t>(std::clamp<std::int64_t>(*retry->attempts, 0, std::numeric_limits<std::int32_t>::max()));
  }
  return translated;
}

void draft_rule(const api::HTTPRouteRule& rule, DraftRule& draft) {
  draft_matches(rule, draft);
  draft.rule.timeouts = {rule.timeouts.request, rule.timeouts.backend_request};
  draft.rule.retry = translate_retry(rule.retry);
  if (rule.session_persistence) draft_session(*rule.session_persistence, draft);
}

}  // namespace

RouteShape shape_of(const api::HTTPRoute& route) {
  return {api::HTTPRoute::kKind, &route.metadata, &route.spec.parent_refs, &route.spec.hostnames};
}

std::shared_ptr<const BuiltRoute> build_route(const api::Ref<api::HTTPRoute>& route, Context& context) {
  const auto& rules = route->spec.rules;
  return build_route(
      RouteSource{
          .object = route,
          .metadata = &route->metadata,
          .kind = plan::RouteKind::HTTPRoute,
          .user = {.kind = api::HTTPRoute::kKind, .namespace_ = route->metadata.namespace_},
          .rules = rules.size(),
          .rule = [&](std::size_t i) { return RouteSource::Rule{&rules[i].name, &rules[i].filters, &rules[i].backend_refs}; },
          .draft = [&](std::size_t i, DraftRule& draft) { draft_rule(rules[i], draft); },
      },
      context);
}

}  // namespace cardea::translate
