// SPDX-License-Identifier: Apache-2.0
// spec.addresses and status.addresses of a Gateway (facts, 1.4, 6.20).
//
// An address with a value is bound as it is; one without a value asks for any of its type and gets the default ones.
// Only IP addresses can be bound: any other type refuses the Gateway. Gateways with addresses of their own (Kubernetes)
// listen everywhere; which addresses lead there is for the cluster to say.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/gateway.h"
#include "translate/observed.h"
#include "translate/options.h"
#include "translate/status/vocabulary.h"

namespace cardea::translate {

// The first address that no machine could bind: of another type, or no IP address at all.
std::optional<Problem> check_addresses(const api::GatewaySpec& spec);

// What to bind, canonical and each once; empty: the default addresses alone. The spec passed check_addresses.
std::vector<std::string> addresses_to_bind(const api::GatewaySpec& spec, const Options& options);

// Addresses asked for that cannot be used, with the reason for each; nothing when all can.
std::optional<Problem> unusable_addresses(const api::Gateway& gateway, const Observed& observed, const Options& options);

// Those really bound. `observed` of the machine is asked for the default ones.
std::vector<api::GatewayAddress> bound_addresses(const api::Gateway& gateway, const Observed& observed, const Options& options);

}  // namespace cardea::translate
