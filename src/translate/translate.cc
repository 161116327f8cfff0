// SPDX-License-Identifier: Apache-2.0
#include "translate/translate.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <unordered_set>

#include <fmt/format.h>

#include "plan/diff.h"
#include "translate/assemble.h"
#include "translate/attach.h"
#include "translate/backend_tls_policy.h"
#include "translate/backends.h"
#include "translate/gateway.h"
#include "translate/gateway_class.h"
#include "translate/grpc_route.h"
#include "translate/http_route.h"
#include "translate/memory.h"
#include "translate/status/gateway_status.h"
#include "translate/status/route_status.h"
#include "translate/tcp_route.h"
#include "translate/tls_route.h"
#include "translate/udp_route.h"

namespace cardea::translate {
namespace {

// The very same objects of those kinds.
template <class... Kind>
bool same(const api::Resources& a, const api::Resources& b) {
  return (a.all<Kind>().shares_with(b.all<Kind>()) && ...);
}
template <class... Kind>
bool all_same(const api::Resources& a, const api::Resources& b, std::variant<api::Ref<Kind>...>*) {
  return same<Kind...>(a, b);
}

template <class Kind>
std::shared_ptr<const ObjectStatus> make_status(const Kind& object, AnyStatus status) {
  return std::make_shared<const ObjectStatus>(
      ObjectStatus{{std::string(Kind::kKind), object.metadata.key()}, object.metadata.generation, std::move(status)});
}

// For the same resources: only statuses of GatewayClasses, Gateways and ListenerSets depend on what was observed.
Translation observe_again(const Translation& previous, const Observed& observed) {
  Translation result = previous;
  const auto replace = [&](std::shared_ptr<const ObjectStatus> status) {
    const auto at = std::ranges::lower_bound(result.statuses, status->object, {},
                                             [](const auto& old) -> const api::ObjectId& { return old->object; });
    if (**at != *status) *at = std::move(status);
  };
  const Memory& memory = *previous.memory;
  for (const auto& gateway_class : memory.resources.all<api::GatewayClass>()) {
    if (is_ours(*gateway_class, memory.options)) replace(make_status(*gateway_class, status_of(*gateway_class, memory.resources, observed, memory.options)));
  }
  for (const auto& gateway : memory.gateways) {
    const ServedGateway served(*gateway, observed);
    replace(make_status(*gateway->object, status_of(*gateway, served, memory.options)));
    for (const auto& set : gateway->sets) replace(make_status(*set->object, status_of(*set, served, memory.options)));
  }
  return result;
}

class Run {
 public:
  Run(const api::Resources& resources, const Observed& observed, const Options& options, const Translation* previous)
      : resources_(resources), observed_(observed), options_(options), previous_(previous), memory_(std::make_shared<Memory>()),
        grants_(resources), policies_(resources, *memory_), namespaces_(resources), backends_(resources, *memory_),
        context_{resources, options, grants_, policies_, namespaces_, backends_, *memory_} {
    if (previous && previous->memory && previous->memory->options == options) {
      memory_->old = previous->memory.get();
      const auto& before = memory_->old->resources;
      memory_->same_parents =
          same<api::GatewayClass, api::Gateway, api::ListenerSet, api::Namespace, api::Secret, api::ConfigMap, api::ReferenceGrant,
               api::GatewayParameters>(
              before, resources);
      const bool has_policies = resources.all<api::BackendTLSPolicy>().begin() != resources.all<api::BackendTLSPolicy>().end();
      memory_->same_backends = same<api::Service, api::ReferenceGrant, api::BackendTLSPolicy>(before, resources) &&
                               (!has_policies || same<api::ConfigMap>(before, resources));
    }
  }

  Translation translate() && {
    report_classes();
    gateways_ = build_gateways(context_);
    note_defaults();
    note_missing_classes();
    parents_.emplace(gateways_);
    place_routes<api::HTTPRoute>();
    place_routes<api::GRPCRoute>();
    report_other_routes();
    assemble_plans();
    report_gateways();
    report_policies();
    sort_and_share_statuses();
    memory_->old = nullptr;
    memory_->resources = resources_;
    memory_->options = options_;
    memory_->gateways = std::move(gateways_);
    result_.memory = std::move(memory_);
    return std::move(result_);
  }

 private:
  template <class Kind>
  void report(const Kind& object, AnyStatus status) {
    report(Kind::kKind, make_status(object, std::move(status)));
  }
  void report(std::string_view kind, std::shared_ptr<const ObjectStatus> status) {
    statuses_[kind].push_back(std::move(status));
  }

  void report_classes() {
    for (const auto& gateway_class : resources_.all<api::GatewayClass>()) {
      if (is_ours(*gateway_class, options_)) {
        report(*gateway_class, status_of(*gateway_class, resources_, observed_, options_));
      } else {
        result_.notes.push_back(fmt::format("GatewayClass {} is of controller {}: left alone, with its Gateways",
                                            gateway_class->metadata.name, gateway_class->spec.controller_name));
      }
    }
  }

  // No status has a place for these: a route without a parentRef of ours has no entry of ours.
  void note_defaults() {
    for (const auto& gateway : gateways_) {
      if (gateway->object->spec.default_scope != api::DefaultScope::All) continue;
      result_.notes.push_back(fmt::format("Gateway {}: spec.defaultScope is not served yet: routes attach by their parentRefs alone",
                                          api::to_text(gateway->object->metadata.key())));
    }
  }
  // What names a class or a parent that does not exist has no status to say so in.
  void note_missing_classes() {
    for (const auto& gateway : resources_.all<api::Gateway>()) {
      const std::string& name = gateway->spec.gateway_class_name;
      if (resources_.find<api::GatewayClass>("", name)) continue;
      result_.notes.push_back(fmt::format("Gateway {}: GatewayClass {} does not exist: the Gateway is not served",
                                          api::to_text(gateway->metadata.key()), name));
    }
  }
  template <class Kind>
  void note_missing_parents(const Kind& route) {
    for (const auto& parent : route.spec.parent_refs) {
      if (parent.group != api::kGatewayGroup) continue;
      const api::ObjectKey key{parent.namespace_.empty() ? route.metadata.namespace_ : parent.namespace_, parent.name};
      const bool missing = (parent.kind == "Gateway" && !resources_.find<api::Gateway>(key)) ||
                           (parent.kind == "ListenerSet" && !resources_.find<api::ListenerSet>(key));
      if (!missing) continue;
      result_.notes.push_back(fmt::format("{} {}: {} {} does not exist: the route is not attached there", Kind::kKind,
                                          api::to_text(route.metadata.key()), parent.kind, api::to_text(key)));
    }
  }
  template <class Kind>
  void note_default(const Kind& route) {
    note_missing_parents(route);
    if (route.spec.use_default_gateways != api::DefaultScope::All) return;
    result_.notes.push_back(fmt::format("{} {}: spec.useDefaultGateways is not served yet: it attaches by its parentRefs alone",
                                        Kind::kKind, api::to_text(route.metadata.key())));
  }

  // Routes whose rules stand in virtual hosts.
  template <class Kind>
  void place_routes() {
    for (const auto& route : resources_.all<Kind>()) {
      note_default(*route);
      const RouteShape shape = shape_of(*route);
      const auto outcomes = attach(shape, *parents_, context_);
      if (outcomes.empty()) {
        report(*route, api::RouteStatus{});
        continue;
      }
      const auto built = build_route(route, context_);
      place(*built, outcomes);
      KeptRoute& kept = memory_->routes[route.get()];
      kept.status = status_again(route.get(), built);
      if (!kept.status) kept.status = make_status(*route, status_of(shape, outcomes, built->findings, options_));
      report(Kind::kKind, kept.status);
    }
  }

  // The last status of a route of which nothing changed, and none of its parents; else null.
  std::shared_ptr<const ObjectStatus> status_again(const void* route, const std::shared_ptr<const BuiltRoute>& built) const {
    if (!memory_->same_parents) return nullptr;
    const auto kept = memory_->old->routes.find(route);
    const bool same_route = kept != memory_->old->routes.end() && kept->second.built == built;
    return same_route ? kept->second.status : nullptr;
  }

  // A route that several parentRefs bring to one listener is there once.
  void place(const BuiltRoute& route, const std::vector<ParentOutcome>& outcomes) {
    std::vector<const ListenerModel*> seen;
    for (const ParentOutcome& outcome : outcomes) {
      for (const Attachment& attachment : outcome.attachments) {
        ListenerModel& listener = *attachment.listener;
        if (std::ranges::find(seen, &listener) != seen.end()) continue;
        seen.push_back(&listener);
        if (!route.findings.rejection) ++listener.attached_routes;
        for (const std::string& hostname : attachment.hostnames) {
          auto& matches = listener.hosts[hostname];
          for (const RankedMatch& match : route.matches) matches.push_back(&match);
        }
      }
      if (!outcome.attachments.empty()) note_reach(route, *outcome.parent.gateway);
    }
  }

  void note_reach(const BuiltRoute& route, const GatewayModel& gateway) {
    for (const ResolvedBackend& backend : route.backends) {
      if (policies_.targets(backend.service)) reach_[backend.service].insert(&gateway);
    }
  }

  template <class Kind>
  void report_routes() {
    for (const auto& route : resources_.all<Kind>()) {
      note_default(*route);
      const RouteShape shape = shape_of(*route);
      const auto outcomes = attach(shape, *parents_, context_);
      if (outcomes.empty()) {
        report(*route, api::RouteStatus{});
      } else {
        report(*route, status_of(shape, outcomes, findings_of(*route, context_), options_));
      }
    }
  }

  void report_other_routes() {
    report_routes<api::TLSRoute>();
    report_routes<api::TCPRoute>();
    report_routes<api::UDPRoute>();
  }

  void assemble_plans() {
    for (const auto& gateway : gateways_) {
      if (auto plan = assemble_plan(*gateway, context_)) result_.plans.push_back(share_with_previous(std::move(plan)));
    }
    std::ranges::sort(result_.plans, {}, [](const auto& plan) -> const plan::ObjectName& { return plan->gateway; });
  }

  plan::Ref<plan::Plan> share_with_previous(plan::Ref<plan::Plan> plan) const {
    if (!previous_) return plan;
    const auto before = std::ranges::lower_bound(previous_->plans, plan->gateway, {}, [](const auto& old) { return old->gateway; });
    if (before == previous_->plans.end() || (*before)->gateway != plan->gateway) return plan;
    auto shared = plan::share(**before, plan);
    const plan::Plan& old = **before;
    const bool same = old.generation == shared->generation && old.routing == shared->routing &&
                      old.endpoints == shared->endpoints && old.secrets == shared->secrets && old.settings == shared->settings;
    return same ? *before : shared;
  }

  void report_gateways() {
    for (const auto& gateway : gateways_) {
      const ServedGateway served(*gateway, observed_);
      report(*gateway->object, status_of(*gateway, served, options_));
      for (const auto& set : gateway->sets) report(*set->object, status_of(*set, served, options_));
    }
  }

  void report_policies() {
    for (const auto& policy : resources_.all<api::BackendTLSPolicy>()) {
      report(*policy, policies_.status_of(*policy, reach_, options_));
    }
  }

  void sort_and_share_statuses() {
    auto& statuses = result_.statuses;
    const auto key = [](const auto& status) -> const api::ObjectKey& { return status->object.key; };
    for (auto& [kind, of_kind] : statuses_) {
      if (!std::ranges::is_sorted(of_kind, {}, key)) std::ranges::sort(of_kind, {}, key);
      std::ranges::move(of_kind, std::back_inserter(statuses));
    }
    if (!previous_) return;
    auto old = previous_->statuses.begin();
    for (auto& status : statuses) {
      while (old != previous_->statuses.end() && *old != status && (*old)->object < status->object) ++old;
      if (old != previous_->statuses.end() && *old != status && **old == *status) status = *old;
    }
  }

  const api::Resources& resources_;
  const Observed& observed_;
  const Options& options_;
  const Translation* previous_;
  std::shared_ptr<Memory> memory_;
  const ReferenceGrants grants_;
  BackendTlsPolicies policies_;
  NamespaceLabels namespaces_;
  Backends backends_;
  Context context_;
  Gateways gateways_;
  std::optional<Parents> parents_;
  BackendTlsPolicies::Reach reach_;
  std::map<std::string_view, std::vector<std::shared_ptr<const ObjectStatus>>> statuses_;  // by kind
  Translation result_;
};

}  // namespace

Translation translate(const api::Resources& resources, const Observed& observed, const Options& options,
                      const Translation* previous) {
  if (previous && previous->memory && previous->memory->options == options &&
      all_same(previous->memory->resources, resources, static_cast<api::Object*>(nullptr))) {
    return observe_again(*previous, observed);
  }
  return Run(resources, observed, options, previous).translate();
}

}  // namespace cardea::translate
