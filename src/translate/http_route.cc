// SPDX-License-Identifier: Apache-2.0
#include "translate/http_route.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "plan/hash.h"
#include "translate/backends.h"
#include "translate/filter/filters.h"
#include "translate/http_match.h"
#include "translate/memory.h"

namespace cardea::translate {
namespace {

// References of filters count for ResolvedRefs as those of backends do.
void resolve_of_filters(const std::vector<api::RouteFilter>& filters, const BackendUser& user, Context& context,
                        std::vector<ResolvedBackend>& resolved) {
  for (const api::RouteFilter& filter : filters) {
    if (const auto* mirror = std::get_if<api::HTTPRequestMirrorFilter>(&filter.config)) {
      resolved.push_back(resolve_backend(mirror->backend_ref, user, context));
    } else if (const auto* auth = std::get_if<api::Rare<api::HTTPExternalAuthFilter>>(&filter.config); auth && *auth) {
      resolved.push_back(resolve_backend((*auth)->backend_ref, user, context));
    }
  }
}

// Per rule its backendRefs, then what its filters and those of its backendRefs refer to.
std::vector<ResolvedBackend> resolve_backends(const api::HTTPRoute& route, Context& context) {
  const BackendUser user{.kind = api::HTTPRoute::kKind, .namespace_ = route.metadata.namespace_};
  std::vector<ResolvedBackend> resolved;
  for (const api::HTTPRouteRule& rule : route.spec.rules) {
    for (const auto& ref : rule.backend_refs) resolved.push_back(resolve_backend(ref, user, context));
    resolve_of_filters(rule.filters, user, context, resolved);
    for (const auto& ref : rule.backend_refs) resolve_of_filters(ref.filters, user, context, resolved);
  }
  return resolved;
}

std::size_t count_of_filters(const std::vector<api::RouteFilter>& filters) {
  return static_cast<std::size_t>(std::ranges::count_if(filters, [](const api::RouteFilter& filter) {
    return std::holds_alternative<api::HTTPRequestMirrorFilter>(filter.config) ||
           (std::holds_alternative<api::Rare<api::HTTPExternalAuthFilter>>(filter.config) &&
            std::get<api::Rare<api::HTTPExternalAuthFilter>>(filter.config).has_value());
  }));
}

std::size_t count_of_refs(const api::HTTPRouteRule& rule) {
  std::size_t count = rule.backend_refs.size() + count_of_filters(rule.filters);
  for (const auto& ref : rule.backend_refs) count += count_of_filters(ref.filters);
  return count;
}

struct DraftRule {
  plan::Rule rule;
  std::vector<plan::RouteMatch> matches;
  std::vector<std::uint32_t> match_indices;
  std::optional<Problem> problem;

  void note(Problem found) {
    if (!problem) problem = std::move(found);
  }
};

void draft_matches(const api::HTTPRouteRule& rule, DraftRule& draft) {
  static const std::vector<api::HTTPRouteMatch> everything(1);
  const auto& matches = rule.matches.empty() ? everything : rule.matches;
  for (std::uint32_t index = 0; index < matches.size(); ++index) {
    auto match = translate_match(matches[index]);
    if (match) {
      draft.matches.push_back(std::move(*match));
      draft.match_indices.push_back(index);
    } else {
      draft.note(std::move(match.error()));
    }
  }
}

void draft_backends(const api::HTTPRouteRule& rule, const ResolvedBackend* resolved, const FilterPlace& place, DraftRule& draft) {
  for (const api::FilteredBackendRef& ref : rule.backend_refs) {
    plan::BackendRef backend{
        .weight = ref.weight, .fault = resolved->fault, .id = resolved->id, .backend = resolved->backend, .filters = {}};
    ++resolved;
    auto filters = translate_filters(ref.filters, {.options = place.options, .on_backend = true, .prefix = place.prefix});
    if (filters) {
      backend.filters = std::move(*filters);
    } else {
      draft.note(std::move(filters.error()));
    }
    draft.rule.backends.push_back(std::move(backend));
  }
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

DraftRule draft_rule(const api::HTTPRoute& route, std::uint32_t index, const ResolvedBackend* resolved, const Options& options) {
  const api::HTTPRouteRule& rule = route.spec.rules[index];
  DraftRule draft;
  draft.rule.route = {route.metadata.namespace_, route.metadata.name};
  draft.rule.index = index;
  draft.rule.name = rule.name;
  draft_matches(rule, draft);
  FilterPlace place{.options = &options};
  if (rule.matches.size() <= 1 && draft.matches.size() == 1 && draft.matches[0].path.type == plan::PathMatchType::PathPrefix) {
    place.prefix = &draft.matches[0].path.value;
  }
  auto filters = translate_filters(rule.filters, place);
  if (filters) {
    draft.rule.filters = std::move(*filters);
  } else {
    draft.note(std::move(filters.error()));
  }
  draft_backends(rule, resolved, place, draft);
  draft.rule.timeouts = {rule.timeouts.request, rule.timeouts.backend_request};
  draft.rule.retry = translate_retry(rule.retry);
  if (rule.session_persistence) draft.note({reason::kUnsupportedValue, "sessionPersistence is not served yet"});
  if (draft.problem) {
    draft.rule.filters = {plan::UnresolvedFilter{draft.problem->message}};
    draft.rule.backends.clear();
  }
  return draft;
}

std::string name_of(const plan::Rule& rule) {
  return rule.name.empty() ? fmt::format("{}", rule.index) : fmt::format("{} ({})", rule.index, rule.name);
}

// One line for all dropped rules: "Rule 1 (cart): filter CORS is not served yet; Rule 2: ...".
struct Drops {
  std::size_t count = 0;
  Problem first;
  std::string message;

  void add(const plan::Rule& rule, const Problem& problem) {
    if (count++ == 0) first = problem;
    message += fmt::format("{}Rule {}: {}", message.empty() ? "" : "; ", name_of(rule), problem.message);
  }
};

void add_matches(BuiltRoute& built, DraftRule draft) {
  const plan::Ref<plan::Rule> rule = plan::seal(std::move(draft.rule));
  for (std::size_t i = 0; i < draft.matches.size(); ++i) {
    draft.matches[i].rule = rule;
    built.matches.push_back({.match = std::move(draft.matches[i]),
                             .route_created = built.route->metadata.creation_timestamp.seconds,
                             .match_index = draft.match_indices[i]});
  }
}

std::shared_ptr<const BuiltRoute> build(const api::Ref<api::HTTPRoute>& route, std::vector<ResolvedBackend> backends,
                                        const Options& options) {
  auto built = std::make_shared<BuiltRoute>();
  built->route = route;
  built->backends = std::move(backends);
  built->findings.unresolved = first_problem(built->backends);
  const ResolvedBackend* resolved = built->backends.data();
  Drops drops;
  const auto& rules = route->spec.rules;
  for (std::uint32_t index = 0; index < rules.size(); ++index) {
    DraftRule draft = draft_rule(*route, index, resolved, options);
    resolved += count_of_refs(rules[index]);
    if (draft.problem) drops.add(draft.rule, *draft.problem);
    add_matches(*built, std::move(draft));
  }
  if (drops.count > 0 && drops.count == rules.size()) {
    built->findings.rejection = Problem{drops.first.reason, "No rule can be served: " + drops.message};
  } else if (drops.count > 0) {
    built->findings.dropped = "Dropped " + drops.message;
  }
  return built;
}

}  // namespace

std::optional<Problem> first_problem(const std::vector<ResolvedBackend>& backends) {
  std::optional<Problem> first;
  std::size_t more = 0;
  for (const ResolvedBackend& backend : backends) {
    if (!backend.problem) continue;
    if (first) {
      ++more;
    } else {
      first = backend.problem;
    }
  }
  if (more > 0) first->message += fmt::format(" (and {} more)", more);
  return first;
}

std::shared_ptr<const BuiltRoute> build_http_route(const api::Ref<api::HTTPRoute>& route, Context& context) {
  const Memory* old = context.memory.old;
  std::shared_ptr<const BuiltRoute> kept;
  if (old) {
    const auto found = old->routes.find(route.get());
    if (found != old->routes.end()) kept = found->second.built;
  }
  if (kept && context.memory.same_backends) {
    for (const ResolvedBackend& backend : kept->backends) {
      if (backend.backend) context.backends.use_again(backend.id);
    }
  } else {
    std::vector<ResolvedBackend> backends = resolve_backends(*route, context);
    if (!kept || kept->backends != backends) kept = build(route, std::move(backends), context.options);
  }
  context.memory.routes[route.get()].built = kept;
  return kept;
}

}  // namespace cardea::translate
