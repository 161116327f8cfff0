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

// Why the machine cannot use that address at all, whatever the port; null when it can.
const BindFailure* missing(const std::string& address, const Observed& observed) {
  const auto found = std::ranges::find_if(observed.bind_failures, [&](const BindFailure& failure) {
    return failure.address_missing && failure.address == address;
  });
  return found == observed.bind_failures.end() ? nullptr : &*found;
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

std::optional<Problem> unusable_addresses(const api::Gateway& gateway, const Observed& observed) {
  std::string message;
  const auto add = [&](const std::string& value, std::string_view why) {
    message += fmt::format("{}spec.addresses: {}: {}", message.empty() ? "" : "; ", value, why);
  };
  for (const api::GatewayAddress& address : gateway.spec.addresses) {
    if (address.type != api::AddressType::IPAddress || address.value.empty()) continue;
    const auto text = canonical(address.value);
    const BindFailure* failure = text ? missing(*text, observed) : nullptr;
    if (failure) add(address.value, failure->reason);
  }
  if (message.empty()) return std::nullopt;
  return Problem{reason::kAddressNotUsable, std::move(message)};
}

std::vector<api::GatewayAddress> bound_addresses(const api::Gateway& gateway, const Observed& observed) {
  std::vector<api::GatewayAddress> bound;
  for (const api::GatewayAddress& address : gateway.spec.addresses) {
    const auto text = address.type == api::AddressType::IPAddress ? canonical(address.value) : std::nullopt;
    if (text && !missing(*text, observed)) add_once(bound, address);
  }
  if (!wants_default(gateway.spec)) return bound;
  const auto own = observed.gateways.find({gateway.metadata.namespace_, gateway.metadata.name});
  const bool has_own = own != observed.gateways.end() && !own->second.addresses.empty();
  for (const std::string& value : has_own ? own->second.addresses : observed.addresses) add_once(bound, to_status(value));
  return bound;
}

}  // namespace cardea::translate
