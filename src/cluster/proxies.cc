// SPDX-License-Identifier: Apache-2.0
#include "cluster/proxies.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ranges>

#include "plan/hash.h"

namespace cardea::cluster {
namespace {

template <class Item>
void add_once(std::vector<Item>& list, Item item) {
  if (std::ranges::find(list, item) == list.end()) list.push_back(std::move(item));
}

}  // namespace

void Proxies::publish(const plan::PlanSet& plans) {
  published_ = true;
  ++version_;
  current_.clear();
  for (const auto& plan : plans) {
    current_.emplace(plan->gateway, plan);
    auto& kept = plans_[plan->gateway];
    const plan::wire::PlanId id = plan::wire::id_of(*plan);
    if (!kept.empty() && kept.back().id == id) continue;
    std::erase_if(kept, [&](const Published& other) { return other.id == id; });
    kept.push_back({plan, id, version_});
    if (kept.size() > kKeptPlans) kept.pop_front();
  }
  std::erase_if(plans_, [&](const auto& item) { return !current_.contains(item.first); });
  // Another controller may have been faster.
  for (auto& [key, proxy] : proxies_) recognise(key.first, proxy);
}

plan::Ref<plan::Plan> Proxies::newest(const plan::ObjectName& gateway) const {
  const auto found = current_.find(gateway);
  if (found != current_.end()) return found->second;
  return plan::seal(plan::Plan{gateway, 0, nullptr, nullptr, nullptr, nullptr});
}

void Proxies::connected(Stream stream, const plan::ObjectName& gateway, const std::string& name, const std::string& instance) {
  const Key key{gateway, name};
  Proxy& proxy = proxies_[key];
  if (proxy.instance != instance) {
    for (const Stream old : proxy.streams) streams_.erase(old);
    proxy = Proxy{};
    proxy.instance = instance;
  }
  proxy.streams.insert(stream);
  proxy.gone.reset();
  streams_.emplace(stream, key);
}

Proxies::Proxy* Proxies::find(Stream stream) {
  const auto key = streams_.find(stream);
  return key == streams_.end() ? nullptr : &proxies_.at(key->second);
}

void Proxies::reported(Stream stream, const plan::wire::Report& report) {
  Proxy* proxy = find(stream);
  if (!proxy) return;
  proxy->report = report;
  recognise(streams_.at(stream).first, *proxy);
}

// A plan that we do not know leaves what we knew: an older one of another controller, or a newer one.
void Proxies::recognise(const plan::ObjectName& gateway, Proxy& proxy) const {
  const auto kept = plans_.find(gateway);
  if (kept == plans_.end() || !proxy.report.plan) return;
  const auto found = std::ranges::find(kept->second, *proxy.report.plan, &Published::id);
  if (found == kept->second.end()) return;
  proxy.serves = found->plan;
  proxy.version = found->version;
}

void Proxies::disconnected(Stream stream, Time now) {
  if (Proxy* proxy = find(stream)) {
    proxy->streams.erase(stream);
    if (proxy->streams.empty()) proxy->gone = now;
  }
  streams_.erase(stream);
}

std::optional<Proxies::Time> Proxies::forget_gone(Time now) {
  // One that said that it goes is not waited for.
  std::erase_if(proxies_, [now](const auto& item) {
    const Proxy& proxy = item.second;
    return proxy.gone && (*proxy.gone + kGrace <= now || !proxy.report.ready);
  });
  std::optional<Time> next;
  for (const auto& [key, proxy] : proxies_) {
    if (proxy.gone && (!next || *proxy.gone + kGrace < *next)) next = *proxy.gone + kGrace;
  }
  return next;
}

translate::Observed Proxies::observed() const {
  translate::Observed observed;
  for (const auto& [gateway, kept] : plans_) observe(gateway, kept.back(), observed.gateways[gateway]);
  return observed;
}

void Proxies::observe(const plan::ObjectName& gateway, const Published& newest, translate::GatewayObserved& observed) const {
  const Proxy* slowest = nullptr;
  for (auto item = proxies_.lower_bound({gateway, ""}); item != proxies_.end() && item->first.first == gateway; ++item) {
    const Proxy& proxy = item->second;
    if (!proxy.report.ready) continue;
    ++observed.ready_proxies;
    if (!proxy.serves || proxy.version != newest.version) observed.laggards.push_back(item->first.second);
    if (!slowest || proxy.version < slowest->version) slowest = &proxy;
    for (const auto& refusal : proxy.report.refusals) {
      add_once(observed.refusals, translate::Refusal{refusal.part, refusal.reason});
    }
    for (const auto& failure : proxy.report.bind_failures) {
      const bool missing = failure.reason == std::strerror(EADDRNOTAVAIL);
      add_once(observed.bind_failures, translate::BindFailure{failure.address, failure.port, failure.reason, missing});
    }
  }
  if (slowest) observed.served = slowest->serves;
}

}  // namespace cardea::cluster
