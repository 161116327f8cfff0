// SPDX-License-Identifier: Apache-2.0
#include "translate/status/listener_status.h"

#include <algorithm>

#include <fmt/format.h>

namespace cardea::translate {
namespace {

using enum api::ConditionStatus;

// What came of binding the listener's addresses.
struct Binding {
  bool nowhere = false;          // no address could be bound ...
  bool missing_address = false;  // ... at least one because the machine does not have it
  std::string failures;          // "192.0.2.1:80: Address already in use; ..."
};

// In a proxy of the Gateway's own, which has every port for itself.
Binding binding_of_own(const ListenerModel& listener, const GatewayObserved* own) {
  Binding binding;
  if (!own) return binding;
  for (const BindFailure& failure : own->bind_failures) {
    if (failure.port != listener.planned->bind_port) continue;
    binding.nowhere = true;
    binding.failures += fmt::format("{}{} port {}: {}", binding.failures.empty() ? "" : "; ", failure.address, failure.port, failure.reason);
  }
  return binding;
}

Binding binding_of(const ListenerModel& listener, const ServedGateway& served, const Options& options) {
  Binding binding;
  if (!listener.planned) return binding;
  if (!options.shared_machine) return binding_of_own(listener, served.own());
  const Observed& observed = served.observed();
  const auto& addresses = listener.planned->addresses.empty() ? options.bind_addresses : listener.planned->addresses;
  std::size_t failed = 0;
  for (const std::string& address : addresses) {
    const auto failure = std::ranges::find_if(observed.bind_failures, [&](const BindFailure& candidate) {
      return candidate.address == address && candidate.port == listener.planned->bind_port;
    });
    if (failure == observed.bind_failures.end()) continue;
    ++failed;
    binding.missing_address |= failure->address_missing;
    binding.failures += fmt::format("{}{} port {}: {}", binding.failures.empty() ? "" : "; ", address, failure->port, failure->reason);
  }
  binding.nowhere = failed > 0 && failed == addresses.size();
  return binding;
}

// Why the listener is not accepted, or nothing.
std::optional<Problem> refusal_of(const ListenerModel& listener, const Binding& binding) {
  if (listener.refusal) return listener.refusal;
  if (binding.nowhere && !binding.missing_address) return Problem{reason::kPortUnavailable, binding.failures};
  return std::nullopt;
}

// Why it is not programmed, or nothing.
std::optional<Problem> unprogrammed(const ListenerModel& listener, const Binding& binding, const ServedGateway& served,
                                    const Options& options) {
  if (const auto refusal = refusal_of(listener, binding)) {
    const bool repeats = listener.conflicted || refusal->reason == reason::kPortUnavailable;
    return Problem{repeats ? refusal->reason : reason::kInvalid, refusal->message};
  }
  if (listener.gateway->refusal || (listener.set && listener.set->refusal)) {
    return Problem{reason::kInvalid, "The Gateway is not accepted"};
  }
  if (listener.unserved) return listener.unserved;
  if (const Refusal* refusal = served.refusal_of(listener)) return Problem{reason::kInvalid, refusal->reason};
  if (binding.nowhere) return Problem{reason::kInvalid, binding.failures};
  if (!listener.planned || !served.serves(*listener.planned)) {
    return Problem{reason::kPending, "The data plane has not taken it over yet" + served.laggards()};
  }
  const bool by_its_own = !options.shared_machine;
  if (by_its_own && served.own()->ready_proxies == 0) return Problem{reason::kPending, "None of the Gateway's proxies is ready yet"};
  return std::nullopt;
}

std::string served_message(const ListenerModel& listener, const Binding& binding) {
  std::string message = listener.planned->bind_port == listener.planned->port
                            ? std::string("Served by the data plane")
                            : fmt::format("Served by the data plane on port {}", listener.planned->bind_port);
  if (!binding.failures.empty()) message += ", but not on " + binding.failures;
  return message;
}

}  // namespace

api::ListenerStatus status_of(const ListenerModel& listener, const ServedGateway& served, const Options& options) {
  const std::int64_t generation = listener.owner().generation;
  const Binding binding = binding_of(listener, served, options);
  api::ListenerStatus status;
  status.name = listener.spec->name;
  status.supported_kinds = listener.kinds;
  status.attached_routes = listener.attached_routes;
  const auto add = [&](std::string_view type, api::ConditionStatus is, std::string_view reason, std::string message) {
    status.conditions.push_back(make_condition(type, is, reason, std::move(message), generation));
  };
  const auto refusal = refusal_of(listener, binding);
  if (refusal) {
    add(condition::kAccepted, False, refusal->reason, refusal->message);
  } else {
    add(condition::kAccepted, True, reason::kAccepted, "The listener is valid");
  }
  if (listener.conflicted) add(condition::kConflicted, True, listener.refusal->reason, listener.refusal->message);
  if (listener.unresolved) {
    add(condition::kResolvedRefs, False, listener.unresolved->reason, listener.unresolved->message);
  } else {
    add(condition::kResolvedRefs, True, reason::kResolvedRefs, "All references are resolved");
  }
  if (const auto problem = unprogrammed(listener, binding, served, options)) {
    add(condition::kProgrammed, False, problem->reason, problem->message);
  } else {
    add(condition::kProgrammed, True, reason::kProgrammed, served_message(listener, binding));
  }
  if (listener.overlaps) {
    add(condition::kOverlappingTlsConfig, True, listener.overlaps->reason, listener.overlaps->message);
  }
  return status;
}

}  // namespace cardea::translate
