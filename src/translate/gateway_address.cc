// SPDX-License-Identifier: Apache-2.0
#include "translate/gateway_address.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/ip.h"

namespace cardea::translate {
namespace {

std::optional<std::string> canonical(const std::string& value) {
  const auto address = base::parse_ip(value);
  return address ? std::optional(base::to_string(*address)) : std::nullopt;
}

// Why the machine cannot use that address at all, whatever the port.
std::optional<std::string> missing_on_machine(const std::string& address, const Observed& observed) {
  const auto found = std::ranges::find_if(observed.bind_failures, [&](const BindFailure& failure) {
    return failure.address_missing && failure.address == address;
  });
  return found == observed.bind_failures.end() ? std::nullopt : std::optional(found->reason);
}

const GatewayObserved& own_part(const api::Gateway& gateway, const Observed& observed) {
  static const GatewayObserved none;
  const auto own = observed.gateways.find({gateway.metadata.namespace_, gateway.metadata.name});
  return own == observed.gateways.end() ? none : own->second;
}

// Why a canonical address that the Gateway asks for does not lead to it, or nothing.
std::optional<std::string> missing(const std::string& address, const api::Gateway& gateway, const Observed& observed,
                                   const Options& options) {
  if (options.shared_machine) return missing_on_machine(address, observed);
  const auto same = [&](const std::string& own) { return canonical(own) == address; };
  const GatewayObserved& own = own_part(gateway, observed);
  if (std::ranges::any_of(own.addresses, same)) return std::nullopt;
  if (own.address_warning.empty()) return "the load balancer has not assigned it (see the Events of the Gateway's Service)";
  return "the load balancer has not assigned it: " + own.address_warning;
}

bool wants_default(const api::GatewaySpec& spec) {
  return spec.addresses.empty() ||
         std::ranges::any_of(spec.addresses, [](const api::GatewayAddress& address) { return address.value.empty(); });
}

api::GatewayAddress to_status(const std::string& value) {
  return {base::parse_ip(value) ? api::AddressType::IPAddress : api::AddressType::Hostname, value};
}

void add_once(std::vector<api::GatewayAddress>& list, api::GatewayAddress address) {
  if (std::ranges::find(list, address) == list.end()) list.push_back(std::move(address));
}

}  // namespace

std::optional<Problem> check_addresses(const api::GatewaySpec& spec) {
  for (const api::GatewayAddress& address : spec.addresses) {
    if (address.type != api::AddressType::IPAddress) {
      return Problem{reason::kUnsupportedAddress,
                     fmt::format("spec.addresses: type {} is not supported, only IPAddress is", address.type.text())};
    }
    if (!address.value.empty() && !canonical(address.value)) {
      return Problem{reason::kUnsupportedAddress, fmt::format("spec.addresses: {} is not an IP address", address.value)};
    }
  }
  return std::nullopt;
}

std::vector<std::string> addresses_to_bind(const api::GatewaySpec& spec, const Options& options) {
  std::vector<std::string> addresses;
  if (!options.shared_machine) return addresses;
  for (const api::GatewayAddress& address : spec.addresses) {
    auto text = canonical(address.value);
    if (text && std::ranges::find(addresses, *text) == addresses.end()) addresses.push_back(std::move(*text));
  }
  if (!addresses.empty() && wants_default(spec)) {
    for (const std::string& address : options.bind_addresses) {
      if (std::ranges::find(addresses, address) == addresses.end()) addresses.push_back(address);
    }
  }
  return addresses;
}

std::optional<Problem> unusable_addresses(const api::Gateway& gateway, const Observed& observed, const Options& options) {
  std::string message;
  const auto add = [&](const std::string& value, std::string_view why) {
    message += fmt::format("{}spec.addresses: {}: {}", message.empty() ? "" : "; ", value, why);
  };
  for (const api::GatewayAddress& address : gateway.spec.addresses) {
    if (address.type != api::AddressType::IPAddress || address.value.empty()) continue;
    const auto text = canonical(address.value);
    const auto why = text ? missing(*text, gateway, observed, options) : std::nullopt;
    if (why) add(address.value, *why);
  }
  if (message.empty()) return std::nullopt;
  return Problem{reason::kAddressNotUsable, std::move(message)};
}

std::vector<api::GatewayAddress> bound_addresses(const api::Gateway& gateway, const Observed& observed, const Options& options) {
  std::vector<api::GatewayAddress> bound;
  for (const api::GatewayAddress& address : gateway.spec.addresses) {
    const auto text = address.type == api::AddressType::IPAddress ? canonical(address.value) : std::nullopt;
    if (text && !missing(*text, gateway, observed, options)) add_once(bound, address);
  }
  if (!wants_default(gateway.spec)) return bound;
  const auto& own = own_part(gateway, observed).addresses;
  const bool of_machine = own.empty() && options.shared_machine;
  for (const std::string& value : of_machine ? observed.addresses : own) add_once(bound, to_status(value));
  return bound;
}

}  // namespace cardea::translate
