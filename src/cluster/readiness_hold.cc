// SPDX-License-Identifier: Apache-2.0
#include "cluster/readiness_hold.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

namespace cardea::cluster {
namespace {

bool may_be_kept(const api::SliceEndpoint& endpoint, const std::set<std::string, std::less<>>& ready_before) {
  return !endpoint.conditions.is_ready() && !endpoint.conditions.is_terminating() && !endpoint.addresses.empty() &&
         ready_before.contains(endpoint.addresses.front());
}

bool has_ready(const api::EndpointSlice& slice) {
  return std::ranges::any_of(slice.endpoints, [](const api::SliceEndpoint& each) { return each.conditions.is_ready(); });
}

// The slice with those that were ready before as ready; the same one when it has none of them.
ReadinessHold::Slice with_kept(const ReadinessHold::Slice& live, const std::set<std::string, std::less<>>& ready_before) {
  const auto kept = [&ready_before](const api::SliceEndpoint& each) { return may_be_kept(each, ready_before); };
  if (std::ranges::none_of(live->endpoints, kept)) return live;
  auto slice = std::make_shared<api::EndpointSlice>(*live);
  for (api::SliceEndpoint& endpoint : slice->endpoints) {
    if (kept(endpoint)) endpoint.conditions = {.ready = true, .serving = true, .terminating = false};
  }
  return slice;
}

}  // namespace

ReadinessHold::Slices ReadinessHold::put(Slice slice) {
  const api::ObjectMeta& metadata = slice->metadata;
  const api::ObjectKey key{metadata.namespace_, metadata.name};
  const api::ObjectKey service_key{metadata.namespace_, std::string(slice->service_name())};
  Slices changed;
  const auto old = service_of_.find(key);
  if (old != service_of_.end() && old->second != service_key) changed = erase(key);
  if (service_key.name.empty()) {
    changed.push_back(std::move(slice));
    return changed;
  }
  service_of_[key] = service_key;
  Service& service = services_[service_key];
  note_before(service);
  Entry& entry = service.slices[metadata.name];
  entry.live = std::move(slice);
  entry.told = nullptr;  // told in any case
  std::ranges::move(look_at(service), std::back_inserter(changed));
  return changed;
}

ReadinessHold::Slices ReadinessHold::erase(const api::ObjectKey& key) {
  const auto known = service_of_.find(key);
  if (known == service_of_.end()) return {};
  const auto found = services_.find(known->second);
  service_of_.erase(known);
  Service& service = found->second;
  note_before(service);
  service.slices.erase(key.name);
  Slices changed = look_at(service);
  // While open it is remembered what was ready: the slice may come again under another name.
  if (service.slices.empty() && !open_) services_.erase(found);
  return changed;
}

void ReadinessHold::open() {
  open_ = true;
  for (auto& [key, service] : services_) {
    service.settled = false;
    if (!service.held) service.ready_before.reset();
  }
}

ReadinessHold::Slices ReadinessHold::close() {
  open_ = false;
  Slices changed;
  for (auto at = services_.begin(); at != services_.end();) {
    Service& service = at->second;
    service.ready_before.reset();
    service.settled = false;
    std::ranges::move(look_at(service), std::back_inserter(changed));
    at = service.slices.empty() ? services_.erase(at) : std::next(at);
  }
  return changed;
}

std::size_t ReadinessHold::held() const {
  return static_cast<std::size_t>(std::ranges::count_if(services_, [](const auto& each) { return each.second.held; }));
}

void ReadinessHold::note_before(Service& service) const {
  if (!open_ || service.ready_before) return;
  auto& ready = service.ready_before.emplace();
  for (const auto& [name, entry] : service.slices) {
    for (const api::SliceEndpoint& endpoint : entry.live->endpoints) {
      if (endpoint.conditions.is_ready() && !endpoint.addresses.empty()) ready.insert(endpoint.addresses.front());
    }
  }
}

ReadinessHold::Slices ReadinessHold::look_at(Service& service) const {
  const bool ready = std::ranges::any_of(service.slices, [](const auto& each) { return has_ready(*each.second.live); });
  if (ready && service.held) service.settled = true;
  service.held = open_ && !ready && !service.settled && service.ready_before && !service.ready_before->empty();
  Slices changed;
  for (auto& [name, entry] : service.slices) {
    const bool was_kept = entry.told && entry.told != entry.live;
    Slice now = service.held ? with_kept(entry.live, *service.ready_before) : entry.live;
    const bool is_kept = now != entry.live;
    if (entry.told && was_kept == is_kept) continue;
    entry.told = now;
    changed.push_back(std::move(now));
  }
  return changed;
}

}  // namespace cardea::cluster
