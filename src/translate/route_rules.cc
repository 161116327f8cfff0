// SPDX-License-Identifier: Apache-2.0
#include "translate/route_rules.h"

#include <algorithm>
#include <span>

#include <fmt/format.h>

#include "plan/hash.h"
#include "translate/backends.h"
#include "translate/filter/filters.h"
#include "translate/memory.h"
#include "translate/session_persistence.h"

namespace cardea::translate {
namespace {

// What a filter refers to; null when it is none that refers to a backend.
const api::BackendObjectReference* backend_of(const api::RouteFilter& filter) {
  if (const auto* mirror = std::get_if<api::HTTPRequestMirrorFilter>(&filter.config)) return &mirror->backend_ref;
  const auto* auth = std::get_if<api::Rare<api::HTTPExternalAuthFilter>>(&filter.config);
  return auth && *auth ? &(*auth)->backend_ref : nullptr;
}

std::size_t count_of_refs(const std::vector<api::RouteFilter>& filters) {
  return static_cast<std::size_t>(std::ranges::count_if(filters, [](const auto& filter) { return backend_of(filter) != nullptr; }));
}

// Per rule its backendRefs, then what its filters and those of its backendRefs refer to: references of filters count for
// ResolvedRefs as those of backends do.
std::vector<ResolvedBackend> resolve_backends(const RouteSource& source, Context& context) {
  std::vector<ResolvedBackend> resolved;
  const auto resolve_all = [&](const std::vector<api::RouteFilter>& filters) {
    for (const api::RouteFilter& filter : filters) {
      const auto* ref = backend_of(filter);
      if (ref) resolved.push_back(resolve_backend(*ref, source.user, context));
    }
  };
  for (std::size_t index = 0; index < source.rules; ++index) {
    const RouteSource::Rule rule = source.rule(index);
    for (const auto& ref : *rule.backend_refs) resolved.push_back(resolve_backend(ref, source.user, context));
    resolve_all(*rule.filters);
    for (const auto& ref : *rule.backend_refs) resolve_all(ref.filters);
  }
  return resolved;
}

// Hands out what resolve_backends() found, in its order.
class Resolved {
 public:
  explicit Resolved(std::span<const ResolvedBackend> all) : rest_(all) {}
  std::span<const ResolvedBackend> take(std::size_t count) {
    const auto taken = rest_.first(count);
    rest_ = rest_.subspan(count);
    return taken;
  }

 private:
  std::span<const ResolvedBackend> rest_;
};

void draft_filters(const std::vector<api::RouteFilter>& filters, FilterPlace place, Resolved& resolved, DraftRule& draft,
                   std::vector<plan::Filter>& into) {
  place.resolved = resolved.take(count_of_refs(filters));
  auto translated = translate_filters(filters, place);
  if (translated) {
    into = std::move(*translated);
  } else {
    draft.note(std::move(translated.error()));
  }
}

void draft_rest(const RouteSource::Rule& rule, Resolved& resolved, const Options& options, DraftRule& draft) {
  FilterPlace place{.options = &options};
  const bool one_prefix =
      draft.matches.size() == 1 && draft.matches[0].match.path.type == plan::PathMatchType::PathPrefix;
  if (one_prefix) place.prefix = &draft.matches[0].match.path.value;
  const auto backends = resolved.take(rule.backend_refs->size());
  draft_filters(*rule.filters, place, resolved, draft, draft.rule.filters);
  if (draft.rule.session) check_affinity(backends, draft);
  for (std::size_t i = 0; i < backends.size(); ++i) {
    const api::FilteredBackendRef& ref = (*rule.backend_refs)[i];
    plan::BackendRef backend{
        .weight = ref.weight, .fault = backends[i].fault, .id = backends[i].id, .backend = backends[i].backend, .filters = {}};
    draft_filters(ref.filters, place, resolved, draft, backend.filters);
    draft.rule.backends.push_back(std::move(backend));
  }
}

DraftRule draft_rule(const RouteSource& source, std::size_t index, Resolved& resolved, std::vector<std::string>& session_names,
                     const Options& options) {
  const RouteSource::Rule rule = source.rule(index);
  DraftRule draft;
  draft.rule.kind = source.kind;
  draft.rule.route = {source.metadata->namespace_, source.metadata->name};
  draft.rule.index = static_cast<std::uint32_t>(index);
  draft.rule.name = *rule.name;
  source.draft(index, draft);
  check_session_names(session_names, draft);
  draft_rest(rule, resolved, options, draft);
  if (draft.problem) {
    draft.rule.filters = {plan::UnresolvedFilter{draft.problem->message}};
    draft.rule.backends.clear();
    draft.rule.session.reset();
  }
  return draft;
}

std::string name_of(const plan::Rule& rule) {
  return rule.name.empty() ? fmt::format("{}", rule.index) : fmt::format("{} ({})", rule.index, rule.name);
}

// One line for all dropped rules: "Rule 1 (cart): filter Magic is not known; Rule 2: ...".
struct Drops {
  std::size_t count = 0;
  Problem first;
  std::string message;

  void add(const plan::Rule& rule, const Problem& problem) {
    if (count++ == 0) first = problem;
    message += fmt::format("{}Rule {}: {}", message.empty() ? "" : "; ", name_of(rule), problem.message);
  }
};

void add_matches(BuiltRoute& built, DraftRule draft, std::int64_t route_created) {
  const plan::Ref<plan::Rule> rule = plan::seal(std::move(draft.rule));
  for (RankedMatch& match : draft.matches) {
    match.match.rule = rule;
    match.route_created = route_created;
    built.matches.push_back(std::move(match));
  }
}

std::shared_ptr<const BuiltRoute> build(const RouteSource& source, std::vector<ResolvedBackend> backends, const Options& options) {
  auto built = std::make_shared<BuiltRoute>();
  built->object = source.object;
  built->backends = std::move(backends);
  built->findings.unresolved = first_problem(built->backends);
  Resolved resolved(built->backends);
  Drops drops;
  std::vector<std::string> session_names;
  for (std::size_t index = 0; index < source.rules; ++index) {
    DraftRule draft = draft_rule(source, index, resolved, session_names, options);
    if (draft.problem) drops.add(draft.rule, *draft.problem);
    add_matches(*built, std::move(draft), source.metadata->creation_timestamp.seconds);
  }
  if (drops.count > 0 && drops.count == source.rules) {
    built->findings.rejection = Problem{drops.first.reason, "No rule can be served: " + drops.message};
  } else if (drops.count > 0) {
    built->findings.dropped = "Dropped " + drops.message;
  }
  return built;
}

}  // namespace

void DraftRule::add(std::expected<plan::RouteMatch, Problem> match, std::uint32_t index, std::optional<GrpcRank> grpc) {
  if (match) {
    matches.push_back({.match = std::move(*match), .grpc = grpc, .route_created = 0, .match_index = index});
  } else {
    note(std::move(match.error()));
  }
}

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

std::shared_ptr<const BuiltRoute> build_route(const RouteSource& source, Context& context) {
  const Memory* old = context.memory.old;
  std::shared_ptr<const BuiltRoute> kept;
  if (old) {
    const auto found = old->routes.find(source.object.get());
    if (found != old->routes.end()) kept = found->second.built;
  }
  if (kept && context.memory.same_backends) {
    for (const ResolvedBackend& backend : kept->backends) {
      if (backend.backend) context.backends.use_again(backend.id);
    }
  } else {
    std::vector<ResolvedBackend> backends = resolve_backends(source, context);
    if (!kept || kept->backends != backends) kept = build(source, std::move(backends), context.options);
  }
  context.memory.routes[source.object.get()].built = kept;
  return kept;
}

}  // namespace cardea::translate
