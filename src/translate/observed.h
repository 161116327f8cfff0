// SPDX-License-Identifier: Apache-2.0
// Observed: what translation cannot know from resources alone, passed in as a value so that translation stays pure.
// Whoever runs a data plane fills it from the data plane's answers and translates again; only statuses may change by it,
// never a plan (or each answer would cause the next change).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "plan/plan.h"
#include "translate/status/vocabulary.h"

namespace cardea::translate {

// An address and port that were asked for and could not be bound.
struct BindFailure {
  std::string address;  // as in plan::Listener::addresses or Options::bind_addresses
  std::uint16_t port = 0;  // the bind port, after the port map
  std::string reason;      // "Address already in use"
  bool address_missing = false;  // the machine has no such address (EADDRNOTAVAIL), whatever the port

  bool operator==(const BindFailure&) const = default;
};

// A part of a plan that the data plane could not take; the rest is live.
struct Refusal {
  std::string part;  // "listener https", "certificate default/shop"
  std::string reason;

  bool operator==(const Refusal&) const = default;
};

struct GatewayObserved {
  // The plan that the data plane serves (every worker, every replica). Null: none yet. `Programmed` is true only for
  // what stands in it.
  plan::Ref<plan::Plan> served;
  std::vector<Refusal> refusals;
  // Where this Gateway is reachable: IP addresses and DNS names, the best one first. Where Gateways share a machine,
  // this is for those whose spec asks for no address, and empty means Observed::addresses.
  std::vector<std::string> addresses;

  // The rest is of Gateways that have proxies of their own (Options::shared_machine is false).
  // Ready proxies that have not taken over the newest plan yet, by name; empty while `served` is it.
  std::vector<std::string> laggards;
  std::int32_t ready_proxies = 0;  // as the cluster counts them, which is when traffic reaches them
  // What they could not bind, on any of them.
  std::vector<BindFailure> bind_failures;
  // Why what the Gateway needs could not be made, or does not start.
  std::optional<Problem> unprovisioned;
  // What the cluster warns of about the load balancer, while an address is missing; empty: nothing.
  std::string address_warning;

  bool operator==(const GatewayObserved&) const = default;
};

// A kind of the Gateway API as it is installed in the cluster.
struct InstalledKind {
  std::string kind;     // "HTTPRoute"
  std::string version;  // "v1.6.1": annotation gateway.networking.k8s.io/bundle-version, empty when it has none
  std::string channel;  // "standard" or "experimental": annotation gateway.networking.k8s.io/channel

  bool operator==(const InstalledKind&) const = default;
};

struct Observed {
  std::map<plan::ObjectName, GatewayObserved> gateways;
  std::vector<BindFailure> bind_failures;
  // Where clients reach what listens on the default addresses, the best one first: addresses of the machine, never
  // "0.0.0.0" or "::".
  std::vector<std::string> addresses;
  // Sorted by kind. Empty where nothing is installed because nothing has to be (`serve`): every kind may come.
  std::vector<InstalledKind> installed;

  bool operator==(const Observed&) const = default;
};

}  // namespace cardea::translate
