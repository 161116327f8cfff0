// SPDX-License-Identifier: Apache-2.0
// Observed: what translation cannot know from resources alone, passed in as a value so that translation stays pure.
// Whoever runs a data plane fills it from the data plane's answers and translates again; only statuses may change by it,
// never a plan (or each answer would cause the next change).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "plan/plan.h"

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
  // Where this Gateway is reachable when its spec asks for no address. Empty: Observed::addresses.
  std::vector<std::string> addresses;
};

struct Observed {
  std::map<plan::ObjectName, GatewayObserved> gateways;
  std::vector<BindFailure> bind_failures;
  // Where clients reach what listens on the default addresses, the best one first: addresses of the machine, never
  // "0.0.0.0" or "::".
  std::vector<std::string> addresses;
};

}  // namespace cardea::translate
