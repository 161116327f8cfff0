// SPDX-License-Identifier: Apache-2.0
#include "cluster/live_statuses.h"

#include <utility>

#include "base/strings.h"
#include "kube/client.h"

namespace cardea::cluster {
namespace {

// Resource versions of one kind are comparable numbers (Kubernetes API Concepts, "Resource versions", since 1.35).
bool is_older(std::string_view a, std::string_view b) {
  const auto left = base::parse_uint<std::uint64_t>(a), right = base::parse_uint<std::uint64_t>(b);
  return left && right && *left < *right;
}

// The field manager whose entry for the status subresource is the newest. An entry's time is that of its manager's last
// change of a value; it stays when another manager takes fields over.
std::string last_writer(const base::Value& object) {
  const base::Value* const entries = kube::value_at(object, {"metadata", "managedFields"});
  if (!entries || !entries->is_array()) return {};
  std::string_view newest, writer;
  for (const base::Value& entry : entries->as_array()) {
    const std::string_view time = kube::text_at(entry, {"time"});  // RFC 3339 in UTC, whole seconds: compares as text
    if (kube::text_at(entry, {"subresource"}) != "status" || time < newest) continue;
    const std::string_view manager = kube::text_at(entry, {"manager"});
    writer = time == newest && writer != manager ? std::string_view() : manager;
    newest = time;
  }
  return std::string(writer);
}

}  // namespace

void LiveStatuses::put(const api::ObjectId& id, const base::Value& object) {
  LiveStatus live;
  live.resource_version = kube::text_at(object, {"metadata", "resourceVersion"});
  live.uid = kube::text_at(object, {"metadata", "uid"});
  const base::Value* const generation = kube::value_at(object, {"metadata", "generation"});
  if (generation && generation->is_int()) live.generation = generation->as_int();
  if (const base::Value* const status = object.find("status")) live.status = *status;
  live.last_writer = last_writer(object);
  const auto [at, is_new] = all_.try_emplace(id);
  if (!is_new && at->second.uid == live.uid && is_older(live.resource_version, at->second.resource_version)) return;
  const bool same = !is_new && at->second.uid == live.uid && at->second.status == live.status;
  at->second = std::move(live);
  if (!same && changed) changed(id);
}

void LiveStatuses::erase(const api::ObjectId& id) {
  if (all_.erase(id) > 0 && changed) changed(id);
}

const LiveStatus* LiveStatuses::find(const api::ObjectId& id) const {
  const auto found = all_.find(id);
  return found == all_.end() ? nullptr : &found->second;
}

}  // namespace cardea::cluster
