// SPDX-License-Identifier: Apache-2.0
#include "translate/backends.h"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "base/ip.h"
#include "plan/hash.h"
#include "translate/memory.h"

namespace cardea::translate {
namespace {

void add_endpoint(std::vector<plan::Endpoint>& endpoints, const api::EndpointSlice& slice, const api::SliceEndpoint& endpoint,
                  std::uint16_t port) {
  // All addresses of one entry are of the same endpoint: one is enough.
  if (endpoint.addresses.empty()) return;
  const auto& conditions = endpoint.conditions;
  if (!conditions.is_ready() && !(conditions.is_serving() && conditions.is_terminating())) return;
  std::string address = endpoint.addresses.front();
  if (slice.address_type == api::EndpointAddressType::IPv4 || slice.address_type == api::EndpointAddressType::IPv6) {
    const auto ip = base::parse_ip(address);
    if (!ip) return;
    address = base::to_string(*ip);
  } else if (slice.address_type != api::EndpointAddressType::FQDN) {
    return;
  }
  endpoints.push_back({.address = std::move(address),
                       .port = port,
                       .ready = conditions.is_ready(),
                       .serving = conditions.is_serving(),
                       .terminating = conditions.is_terminating()});
}

// A pod that moves from one slice to another may stand in both for a while: the better entry counts.
void keep_best_of_each(std::vector<plan::Endpoint>& endpoints) {
  std::ranges::sort(endpoints, [](const plan::Endpoint& a, const plan::Endpoint& b) {
    return std::tuple(std::string_view(a.address), a.port, !a.ready, !a.serving, a.terminating) <
           std::tuple(std::string_view(b.address), b.port, !b.ready, !b.serving, b.terminating);
  });
  const auto repeated = std::ranges::unique(endpoints, [](const plan::Endpoint& a, const plan::Endpoint& b) {
    return a.address == b.address && a.port == b.port;
  });
  endpoints.erase(repeated.begin(), repeated.end());
}

}  // namespace

std::vector<plan::Endpoint> merge_slices(const std::vector<api::Ref<api::EndpointSlice>>& slices, std::string_view port_name) {
  std::vector<plan::Endpoint> endpoints;
  for (const auto& slice : slices) {
    for (const api::EndpointPort& port : slice->ports) {
      if (port.name != port_name || !port.port || port.protocol != api::TransportProtocol::TCP) continue;
      for (const api::SliceEndpoint& endpoint : slice->endpoints) add_endpoint(endpoints, *slice, endpoint, *port.port);
    }
  }
  keep_best_of_each(endpoints);
  return endpoints;
}

Backends::Backends(const api::Resources& resources, Memory& memory) : memory_(memory) {
  for (const auto& slice : resources.all<api::EndpointSlice>()) {
    const std::string_view service = slice->service_name();
    if (!service.empty()) slices_by_service_[fmt::format("{}/{}", slice->metadata.namespace_, service)].push_back(slice);
  }
}

plan::Ref<plan::Backend> Backends::use(plan::Backend wanted, const api::ServicePort& port) {
  return memory_.backend(std::move(wanted), port.name).backend;
}

void Backends::use_again(const std::string& id) { memory_.backend_again(id); }

plan::Ref<plan::BackendEndpoints> Backends::endpoints_of(const std::string& id) {
  static const Slices none;
  const auto slices = slices_by_service_.find(id.substr(0, id.rfind(':')));
  return memory_.endpoints(id, memory_.backend_again(id).port_name, slices == slices_by_service_.end() ? none : slices->second);
}

}  // namespace cardea::translate
