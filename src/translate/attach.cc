// SPDX-License-Identifier: Apache-2.0
#include "translate/attach.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/strings.h"
#include "translate/allowed_routes.h"
#include "translate/listener.h"

namespace cardea::translate {
namespace {

std::string describe(const Parents::Parent& parent) {
  return parent.set ? fmt::format("ListenerSet {}", api::to_text(parent.set->object->metadata.key()))
                    : fmt::format("Gateway {}", api::to_text(parent.gateway->object->metadata.key()));
}

bool is_served_anywhere(std::string_view kind) {
  using enum api::ProtocolType;
  return std::ranges::any_of(std::initializer_list{HTTP, HTTPS, TLS, TCP, UDP}, [&](api::ProtocolType protocol) {
    const auto& kinds = support_of(protocol).route_kinds;
    return std::ranges::find(kinds, kind) != kinds.end();
  });
}

bool is_selected(const ListenerModel& listener, const api::ParentReference& ref) {
  if (!ref.section_name.empty() && ref.section_name != listener.spec->name) return false;
  return !ref.port || *ref.port == listener.spec->port;
}

bool allows(const ListenerModel& listener, const RouteShape& route, Context& context) {
  const api::RouteNamespaces& allowed = listener.spec->allowed_routes.namespaces;
  return allows_kind(listener.kinds, route.kind) &&
         allows_namespace(allowed.from.value, allowed.selector, listener.owner().namespace_, route.metadata->namespace_, context);
}

Problem no_match(const ParentOutcome& outcome) {
  const api::ParentReference& ref = *outcome.ref;
  if (outcome.parent.set && outcome.parent.set->refusal && outcome.parent.set->listeners.empty()) {
    return {reason::kNoMatchingParent, fmt::format("{} is not attached to its Gateway", describe(outcome.parent))};
  }
  std::string wanted;
  if (!ref.section_name.empty()) wanted = fmt::format(" named {}", ref.section_name);
  if (ref.port) wanted += fmt::format("{} on port {}", ref.section_name.empty() ? "" : " and", *ref.port);
  return {reason::kNoMatchingParent, fmt::format("{} has no listener{}", describe(outcome.parent), wanted)};
}

Problem not_allowed(const ParentOutcome& outcome, const RouteShape& route) {
  if (!is_served_anywhere(route.kind)) {
    return {reason::kNotAllowedByListeners,
            fmt::format("No listener of {} lets in {}s: this kind is not served yet", describe(outcome.parent), route.kind)};
  }
  return {reason::kNotAllowedByListeners,
          fmt::format("allowedRoutes of no selected listener of {} lets in {}s of namespace {}", describe(outcome.parent),
                      route.kind, route.metadata->namespace_)};
}

Problem no_hostname(const ParentOutcome& outcome, const RouteShape& route) {
  return {reason::kNoMatchingListenerHostname,
          fmt::format("No hostname of the route ({}) fits one of the listeners of {} that let it in",
                      base::join(*route.hostnames, ", "), describe(outcome.parent))};
}

ParentOutcome attach_to(const Parents::Parent& parent, const api::ParentReference& ref, const RouteShape& route, Context& context) {
  static const std::vector<std::string> none;
  ParentOutcome outcome{.ref = &ref, .parent = parent, .rejection = {}, .attachments = {}};
  bool selected = false;
  bool allowed = false;
  for (ListenerModel& listener : parent.listeners()) {
    if (!is_selected(listener, ref)) continue;
    selected = true;
    if (!allows(listener, route, context)) continue;
    allowed = true;
    auto hostnames = effective_hostnames(listener.hostname, route.hostnames ? *route.hostnames : none);
    if (!hostnames.empty()) outcome.attachments.push_back({&listener, std::move(hostnames)});
  }
  if (outcome.attachments.empty()) {
    outcome.rejection = !selected ? no_match(outcome) : !allowed ? not_allowed(outcome, route) : no_hostname(outcome, route);
  }
  return outcome;
}

}  // namespace

Parents::Parents(const Gateways& gateways) {
  for (const auto& gateway : gateways) {
    gateways_.emplace(gateway->object->metadata.key(), gateway.get());
    for (const auto& set : gateway->sets) sets_.emplace(set->object->metadata.key(), set.get());
  }
}

std::optional<Parents::Parent> Parents::find(const api::ParentReference& ref, const std::string& route_namespace) const {
  if (ref.group != api::kGatewayGroup) return std::nullopt;
  const api::ObjectKey key{ref.namespace_.empty() ? route_namespace : ref.namespace_, ref.name};
  if (ref.kind == api::Gateway::kKind) {
    const auto found = gateways_.find(key);
    if (found != gateways_.end()) return Parent{found->second, nullptr};
  } else if (ref.kind == api::ListenerSet::kKind) {
    const auto found = sets_.find(key);
    if (found != sets_.end()) return Parent{found->second->gateway, found->second};
  }
  return std::nullopt;
}

std::vector<ParentOutcome> attach(const RouteShape& route, const Parents& parents, Context& context) {
  std::vector<ParentOutcome> outcomes;
  for (const api::ParentReference& ref : *route.parents) {
    if (const auto parent = parents.find(ref, route.metadata->namespace_)) {
      outcomes.push_back(attach_to(*parent, ref, route, context));
    }
  }
  return outcomes;
}

}  // namespace cardea::translate
