// SPDX-License-Identifier: Apache-2.0
#include "translate/status/gateway_status.h"

#include <algorithm>

#include <fmt/format.h>

#include "translate/gateway_address.h"
#include "translate/status/listener_status.h"

namespace cardea::translate {
namespace {

using enum api::ConditionStatus;

constexpr std::size_t kMaxRefusedText = 8 * 1024;  // a condition's message may have 32 KiB

bool has(const api::ListenerStatus& listener, std::string_view type) {
  const api::Condition* found = api::find_condition(listener.conditions, type);
  return found && found->status == True;
}

std::size_t count_with(const std::vector<api::ListenerStatus>& listeners, std::string_view type) {
  return static_cast<std::size_t>(std::ranges::count_if(listeners, [&](const auto& listener) { return has(listener, type); }));
}

// "http (PortUnavailable), tls (UnsupportedProtocol)": those whose condition of that type is not True.
std::string list_without(const std::vector<api::ListenerStatus>& listeners, std::string_view type) {
  std::string list;
  for (const api::ListenerStatus& listener : listeners) {
    const api::Condition* found = api::find_condition(listener.conditions, type);
    if (!found || found->status == True) continue;
    list += fmt::format("{}{} ({})", list.empty() ? "" : ", ", listener.name, found->reason);
  }
  return list;
}

// Accepted, of a Gateway or ListenerSet that is not refused as a whole: by its listeners, of which `bad` are not valid.
api::Condition accepted_by_listeners(std::size_t good, const std::string& bad, std::int64_t generation) {
  if (bad.empty()) return make_condition(condition::kAccepted, True, reason::kAccepted, "All listeners are valid", generation);
  if (good > 0) {
    return make_condition(condition::kAccepted, True, reason::kListenersNotValid, "Not all listeners are valid: " + bad, generation);
  }
  return make_condition(condition::kAccepted, False, reason::kListenersNotValid, "No listener is valid: " + bad, generation);
}

// Why proxies that are the Gateway's own are not there to serve it, or nothing.
std::optional<Problem> without_proxy(const GatewayObserved* own) {
  if (own && own->unprovisioned) return own->unprovisioned;
  if (!own || own->ready_proxies == 0) return Problem{reason::kPending, "None of the Gateway's proxies is ready yet"};
  return std::nullopt;
}

// Why the data plane does not serve the Gateway as it is now, or nothing.
std::optional<Problem> pending(const GatewayModel& gateway, const api::GatewayStatus& status, const ServedGateway& served) {
  const bool current = served.plan() && served.plan()->generation >= gateway.object->metadata.generation;
  if (!current) return Problem{reason::kPending, "The data plane has not taken over this generation yet" + served.laggards()};
  for (const api::ListenerStatus& listener : status.listeners) {
    const api::Condition* programmed = api::find_condition(listener.conditions, condition::kProgrammed);
    if (programmed->reason == reason::kPending) {
      return Problem{reason::kPending,
                     fmt::format("The data plane has not taken over listener {} yet{}", listener.name, served.laggards())};
    }
  }
  return std::nullopt;
}

// Why the Gateway is not programmed though it is accepted, or nothing.
std::optional<Problem> unprogrammed(const GatewayModel& gateway, const api::GatewayStatus& status, const ServedGateway& served,
                                    const Options& options) {
  const auto unusable = unusable_addresses(*gateway.object, served.observed(), options);
  if (unusable && options.shared_machine) return unusable;
  if (!options.shared_machine) {
    if (auto missing = without_proxy(served.own())) return missing;
  }
  if (auto problem = pending(gateway, status, served)) return problem;
  // With a load balancer, an address that was asked for a moment ago is not unusable before anything else works.
  if (unusable) return unusable;
  if (!status.addresses.empty()) return std::nullopt;
  if (options.shared_machine) return Problem{reason::kAddressNotAssigned, "No address is known to reach it"};
  const std::string warning = served.own() && !served.own()->address_warning.empty() ? ": " + served.own()->address_warning : "";
  return Problem{reason::kAddressNotAssigned, "The load balancer has not assigned an address yet" + warning};
}

api::Condition programmed(const GatewayModel& gateway, const api::GatewayStatus& status, const ServedGateway& served,
                          const Options& options) {
  const std::int64_t generation = gateway.object->metadata.generation;
  if (status.conditions.front().status != True) {
    return make_condition(condition::kProgrammed, False, reason::kInvalid, "The Gateway is not accepted", generation);
  }
  if (auto problem = unprogrammed(gateway, status, served, options)) {
    return make_condition(condition::kProgrammed, False, problem->reason, std::move(problem->message), generation);
  }
  const std::string bad = list_without(status.listeners, condition::kProgrammed);
  return make_condition(condition::kProgrammed, True, reason::kProgrammed,
                        bad.empty() ? "Served by the data plane" : "Served by the data plane, but for listeners " + bad, generation);
}

api::Condition resolved(const GatewayModel& gateway, const api::GatewayStatus& status) {
  const std::int64_t generation = gateway.object->metadata.generation;
  if (gateway.unresolved) {
    return make_condition(condition::kResolvedRefs, False, gateway.unresolved->reason, gateway.unresolved->message, generation);
  }
  const std::string bad = list_without(status.listeners, condition::kResolvedRefs);
  if (bad.empty()) {
    return make_condition(condition::kResolvedRefs, True, reason::kResolvedRefs, "All references are resolved", generation);
  }
  return make_condition(condition::kResolvedRefs, False, reason::kListenersNotResolved, "Not all references are resolved: " + bad,
                        generation);
}

// What proxies could not take over, but for listeners and their certificates: those say it themselves.
std::string refused_parts(const GatewayObserved* own) {
  std::string list;
  std::size_t more = 0;
  for (const Refusal& refusal : own ? own->refusals : std::vector<Refusal>{}) {
    if (refusal.part.starts_with("listener ") || refusal.part.starts_with("certificate ")) continue;
    if (list.size() > kMaxRefusedText) {
      ++more;
      continue;
    }
    list += fmt::format("{}{}: {}", list.empty() ? "" : "; ", refusal.part, refusal.reason);
  }
  if (more > 0) list += fmt::format("; and {} more", more);
  return list;
}

// A ListenerSet says of a listener of which nothing can be served (no certificate, for one) that it is not valid; a Gateway
// says so on the listener alone.
bool is_valid_in_set(const ListenerModel& listener) { return !listener.refusal && !listener.unserved; }

bool is_accepted(const ListenerSetModel& set) { return !set.refusal && std::ranges::any_of(set.listeners, is_valid_in_set); }

// `listeners`: their statuses, in the same order. They know what could not be bound.
api::Condition accepted(const ListenerSetModel& set, const std::vector<api::ListenerStatus>& listeners) {
  const std::int64_t generation = set.object->metadata.generation;
  if (set.refusal) return make_condition(condition::kAccepted, False, set.refusal->reason, set.refusal->message, generation);
  std::size_t good = 0;
  std::string bad;
  for (std::size_t i = 0; i < listeners.size(); ++i) {
    const api::Condition* said = api::find_condition(listeners[i].conditions, condition::kAccepted);
    if (said->status == True && is_valid_in_set(set.listeners[i])) {
      ++good;
      continue;
    }
    const std::string_view why = said->status == True ? set.listeners[i].unserved->reason : std::string_view(said->reason);
    bad += fmt::format("{}{} ({})", bad.empty() ? "" : ", ", listeners[i].name, why);
  }
  return accepted_by_listeners(good, bad, generation);
}

api::Condition programmed(const ListenerSetModel& set, const api::ListenerSetStatus& status) {
  const std::int64_t generation = set.object->metadata.generation;
  const api::Condition& accepted = status.conditions.front();
  if (accepted.status != True) {
    const bool by_parent = accepted.reason == reason::kParentNotAccepted;
    return make_condition(condition::kProgrammed, False, by_parent ? reason::kParentNotProgrammed : std::string_view(accepted.reason),
                          accepted.message, generation);
  }
  if (count_with(status.listeners, condition::kProgrammed) > 0) {
    const std::string bad = list_without(status.listeners, condition::kProgrammed);
    return make_condition(condition::kProgrammed, True, reason::kProgrammed,
                          bad.empty() ? "Served by the data plane" : "Served by the data plane, but for listeners " + bad, generation);
  }
  const bool pending = std::ranges::any_of(status.listeners, [](const api::ListenerStatus& listener) {
    return api::find_condition(listener.conditions, condition::kProgrammed)->reason == reason::kPending;
  });
  return make_condition(condition::kProgrammed, False, pending ? reason::kPending : reason::kInvalid,
                        "No listener is served: " + list_without(status.listeners, condition::kProgrammed), generation);
}

}  // namespace

api::GatewayStatus status_of(const GatewayModel& gateway, const ServedGateway& served, const Options& options) {
  const std::int64_t generation = gateway.object->metadata.generation;
  api::GatewayStatus status;
  for (const ListenerModel& listener : gateway.listeners) status.listeners.push_back(status_of(listener, served, options));
  if (!gateway.refusal && served.plan()) status.addresses = bound_addresses(*gateway.object, served.observed(), options);
  status.attached_listener_sets = static_cast<std::int32_t>(
      std::ranges::count_if(gateway.sets, [](const auto& set) { return is_accepted(*set); }));
  status.conditions.push_back(gateway.refusal ? make_condition(condition::kAccepted, False, gateway.refusal->reason,
                                                               gateway.refusal->message, generation)
                                              : accepted_by_listeners(count_with(status.listeners, condition::kAccepted),
                                                                      list_without(status.listeners, condition::kAccepted), generation));
  status.conditions.push_back(resolved(gateway, status));
  status.conditions.push_back(programmed(gateway, status, served, options));
  if (gateway.insecure_frontend) {
    status.conditions.push_back(make_condition(condition::kInsecureFrontendValidationMode, True, reason::kConfigurationChanged,
                                               "spec.tls.frontend has mode AllowInsecureFallback", generation));
  }
  if (const std::string refused = refused_parts(served.own()); !refused.empty()) {
    status.conditions.push_back(make_condition(condition::kRefusedByProxies, True, reason::kPartsRefused, refused, generation));
  }
  return status;
}

api::ListenerSetStatus status_of(const ListenerSetModel& set, const ServedGateway& served, const Options& options) {
  api::ListenerSetStatus status;
  for (const ListenerModel& listener : set.listeners) status.listeners.push_back(status_of(listener, served, options));
  status.conditions.push_back(accepted(set, status.listeners));
  status.conditions.push_back(programmed(set, status));
  return status;
}

}  // namespace cardea::translate
