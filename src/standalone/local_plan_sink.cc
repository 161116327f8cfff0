// SPDX-License-Identifier: Apache-2.0
#include "standalone/local_plan_sink.h"

#include <ifaddrs.h>
#include <net/if.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "base/ip.h"
#include "net/socket_address.h"

namespace cardea::standalone {
namespace {

void add_once(std::vector<std::string>& list, const std::string& item) {
  if (std::ranges::find(list, item) == list.end()) list.push_back(item);
}

bool same(const translate::Observed& a, const translate::Observed& b) {
  return a.bind_failures == b.bind_failures && a.addresses == b.addresses;
}

}  // namespace

void LocalPlanSink::publish(const plan::PlanSet& plans) {
  published_ = plans;
  observed_ = observe(data_plane_.apply(plans), plans, bind_addresses_, machine_addresses());
  live_ = true;
}

bool LocalPlanSink::retry() {
  translate::Observed before = observed_;
  publish(published_);
  return !same(before, observed_);
}

translate::Observed observe(const proxy::Applied& applied, const plan::PlanSet& plans,
                            const std::vector<std::string>& bind_addresses, const std::vector<std::string>& machine) {
  translate::Observed observed;
  for (const auto& plan : plans) observed.gateways[plan->gateway].served = plan;
  for (const proxy::Refusal& refusal : applied.refusals) {
    const auto gateway = observed.gateways.find(refusal.gateway);
    if (gateway != observed.gateways.end()) gateway->second.refusals.push_back({refusal.part, refusal.reason});
  }
  for (const proxy::BindFailure& failure : applied.bind_failures) {
    const bool missing = failure.reason == std::strerror(EADDRNOTAVAIL);
    observed.bind_failures.push_back({failure.address, failure.port, failure.reason, missing});
  }
  for (const std::string& address : bind_addresses) {
    if (std::ranges::find(applied.addresses, address) == applied.addresses.end()) continue;
    const auto ip = base::parse_ip(address);
    if (!ip || !ip->is_unspecified()) {
      add_once(observed.addresses, address);
      continue;
    }
    for (const std::string& candidate : machine) {
      const auto other = base::parse_ip(candidate);
      if (other && other->family == ip->family) add_once(observed.addresses, candidate);
    }
  }
  return observed;
}

std::vector<std::string> machine_addresses() {
  ifaddrs* first = nullptr;
  if (getifaddrs(&first) != 0) return {"127.0.0.1"};
  const std::unique_ptr<ifaddrs, decltype(&freeifaddrs)> owner(first, &freeifaddrs);
  std::vector<base::IpAddress> reachable, loopback;
  for (const ifaddrs* entry = first; entry; entry = entry->ifa_next) {
    const auto address = net::ip_of(entry->ifa_addr);
    if (!address || !(entry->ifa_flags & IFF_UP) || address->is_link_local()) continue;
    (address->is_loopback() ? loopback : reachable).push_back(*address);
  }
  std::vector<std::string> result;
  for (const auto family : {base::IpAddress::Family::V4, base::IpAddress::Family::V6}) {
    for (const auto& address : reachable.empty() ? loopback : reachable) {
      if (address.family == family) add_once(result, base::to_string(address));
    }
  }
  return result;
}

}  // namespace cardea::standalone
