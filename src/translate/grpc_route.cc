// SPDX-License-Identifier: Apache-2.0
#include "translate/grpc_route.h"

#include "translate/grpc_match.h"
#include "translate/session_persistence.h"

namespace cardea::translate {
namespace {

void draft_rule(const api::GRPCRouteRule& rule, DraftRule& draft) {
  static const std::vector<api::GRPCRouteMatch> everything(1);
  const auto& matches = rule.matches.empty() ? everything : rule.matches;
  for (std::uint32_t index = 0; index < matches.size(); ++index) {
    draft.add(translate_match(matches[index]), index, rank_of(matches[index]));
  }
  if (rule.session_persistence) draft_session(*rule.session_persistence, draft);
}

}  // namespace

RouteShape shape_of(const api::GRPCRoute& route) {
  return {api::GRPCRoute::kKind, &route.metadata, &route.spec.parent_refs, &route.spec.hostnames};
}

std::shared_ptr<const BuiltRoute> build_route(const api::Ref<api::GRPCRoute>& route, Context& context) {
  const auto& rules = route->spec.rules;
  return build_route(
      RouteSource{
          .object = route,
          .metadata = &route->metadata,
          .kind = plan::RouteKind::GRPCRoute,
          .user = {.kind = api::GRPCRoute::kKind, .namespace_ = route->metadata.namespace_},
          .rules = rules.size(),
          .rule = [&](std::size_t i) { return RouteSource::Rule{&rules[i].name, &rules[i].filters, &rules[i].backend_refs}; },
          .draft = [&](std::size_t i, DraftRule& draft) { draft_rule(rules[i], draft); },
      },
      context);
}

}  // namespace cardea::translate
