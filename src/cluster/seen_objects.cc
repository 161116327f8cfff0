// SPDX-License-Identifier: Apache-2.0
#include "cluster/seen_objects.h"

#include <algorithm>
#include <charconv>
#include <initializer_list>

#include <fmt/format.h>

namespace cardea::cluster {
namespace {

using base::Value;

const Value* at(const Value& value, std::initializer_list<std::string_view> path) {
  const Value* found = &value;
  for (const std::string_view name : path) found = found ? found->find(name) : nullptr;
  return found;
}

std::string_view text_at(const Value& value, std::initializer_list<std::string_view> path) {
  const Value* found = at(value, path);
  return found && found->is_string() ? std::string_view(found->as_string()) : std::string_view();
}

const Value::Array& list_at(const Value& value, std::initializer_list<std::string_view> path) {
  static const Value::Array none;
  const Value* found = at(value, path);
  return found && found->is_array() ? found->as_array() : none;
}

// Resource versions grow, and are compared as numbers (KEP-5504). 0: not one.
std::uint64_t version_of(const Value& object) {
  const std::string_view text = text_at(object, {"metadata", "resourceVersion"});
  std::uint64_t version = 0;
  std::from_chars(text.data(), text.data() + text.size(), version);
  return version;
}

std::string_view applied_hash(const Value& object) { return text_at(object, {"metadata", "annotations", kAppliedAnnotation}); }

}  // namespace

std::string to_text(const ObjectRef& ref) { return fmt::format("{} {}/{}", ref.kind, ref.namespace_, ref.name); }

Owner owner_of(const Value& object) {
  for (const Value& owner : list_at(object, {"metadata", "ownerReferences"})) {
    if (text_at(owner, {"kind"}) != "Gateway" || !text_at(owner, {"apiVersion"}).starts_with("gateway.networking.k8s.io/")) continue;
    return {std::string(text_at(owner, {"name"})), std::string(text_at(owner, {"uid"}))};
  }
  return {};
}

bool SeenObjects::put(const ObjectRef& ref, Value object) {
  const auto [place, added] = objects_.try_emplace(ref, Value());
  if (!added && version_of(place->second) > version_of(object)) return false;
  place->second = std::move(object);
  return true;
}

const Value* SeenObjects::find(const ObjectRef& ref) const {
  const auto found = objects_.find(ref);
  return found == objects_.end() ? nullptr : &found->second;
}

std::vector<ObjectRef> SeenObjects::owned_by(std::string_view gateway_uid) const {
  std::vector<ObjectRef> refs;
  for (const auto& [ref, object] : objects_) {
    if (owner_of(object).uid == gateway_uid) refs.push_back(ref);
  }
  return refs;
}

bool contains(const Value& live, const Value& wanted) {
  if (wanted.is_object()) {
    return std::ranges::all_of(wanted.as_object(), [&](const base::Member& member) {
      const Value* found = live.find(member.name);
      static const Value absent;
      return contains(found ? *found : absent, member.value);
    });
  }
  if (wanted.is_array()) {
    if (wanted.as_array().empty()) return true;
    if (!live.is_array()) return false;
    return std::ranges::all_of(wanted.as_array(), [&](const Value& item) {
      return std::ranges::any_of(live.as_array(), [&](const Value& candidate) { return contains(candidate, item); });
    });
  }
  return live == wanted;
}

bool must_apply(const Value* live, const Value& manifest) {
  return !live || applied_hash(*live) != applied_hash(manifest) || !contains(*live, manifest);
}

std::vector<std::string> load_balancer_addresses(const Value& service) {
  std::vector<std::string> addresses;
  for (const Value& ingress : list_at(service, {"status", "loadBalancer", "ingress"})) {
    for (const std::string_view name : {"ip", "hostname"}) {
      const std::string_view value = text_at(ingress, {name});
      if (!value.empty() && std::ranges::find(addresses, value) == addresses.end()) addresses.emplace_back(value);
    }
  }
  return addresses;
}

std::int32_t ready_replicas(const Value& deployment) {
  const Value* ready = at(deployment, {"status", "readyReplicas"});
  return ready && ready->is_int() ? static_cast<std::int32_t>(ready->as_int()) : 0;
}

std::string replica_failure(const Value& deployment) {
  for (const Value& condition : list_at(deployment, {"status", "conditions"})) {
    if (text_at(condition, {"type"}) != "ReplicaFailure" || text_at(condition, {"status"}) != "True") continue;
    return std::string(text_at(condition, {"message"}));
  }
  return {};
}

}  // namespace cardea::cluster
