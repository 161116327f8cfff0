// SPDX-License-Identifier: Apache-2.0
#include "cluster/status_merge.h"

#include <algorithm>
#include <array>
#include <utility>

#include "translate/status/vocabulary.h"

namespace cardea::cluster {
namespace {

using base::Value;
namespace condition = translate::condition;

// Every type that we ever set, on any kind; and those that the CRDs' defaults set for a controller to replace.
constexpr std::array<std::string_view, 9> kOurTypes{condition::kAccepted,
                                                    condition::kProgrammed,
                                                    condition::kResolvedRefs,
                                                    condition::kSupportedVersion,
                                                    condition::kConflicted,
                                                    condition::kOverlappingTlsConfig,
                                                    condition::kPartiallyInvalid,
                                                    condition::kInsecureFrontendValidationMode,
                                                    condition::kRefusedByProxies};

// What the API takes. A list that others have filled stays as it is, and ours has what room is left: more of it would keep the
// whole status from being written.
constexpr std::size_t kMaxConditions = 8;
constexpr std::size_t kMaxParents = 32;
constexpr std::size_t kMaxAncestors = 16;

bool is_ours(const Value& condition) {
  const Value* const type = condition.find("type");
  return type && type->is_string() && std::ranges::find(kOurTypes, type->as_string()) != kOurTypes.end();
}

const Value::Array& items(const Value* holder, std::string_view name) {
  static const Value::Array none;
  const Value* const list = holder ? holder->find(name) : nullptr;
  return list && list->is_array() ? list->as_array() : none;
}

bool equal(const Value& a, const Value& b, std::string_view name) {
  const Value* const left = a.find(name);
  const Value* const right = b.find(name);
  return left && right && *left == *right;
}

void set(Value& object, std::string_view name, Value value) {
  for (base::Member& member : object.as_object()) {
    if (member.name != name) continue;
    member.value = std::move(value);
    return;
  }
  object.add(std::string(name), std::move(value));
}

// Conditions of other types first where they stood, ours where they stood, new ones at the end.
Value merge_conditions(const Value* live, const Value& ours, const std::string& now) {
  Value merged = Value::Array{};
  std::vector<bool> placed(items(&ours, "conditions").size());
  const auto add_ours = [&](std::size_t index, const Value* before) {
    Value condition = items(&ours, "conditions")[index];
    const Value* const time = before && equal(*before, condition, "status") ? before->find("lastTransitionTime") : nullptr;
    set(condition, "lastTransitionTime", time && time->is_string() ? *time : Value(now));
    merged.push(std::move(condition));
    placed[index] = true;
  };
  for (const Value& old : items(live, "conditions")) {
    if (!is_ours(old)) {
      merged.push(old);
      continue;
    }
    for (std::size_t i = 0; i < placed.size(); ++i) {
      if (!placed[i] && equal(old, items(&ours, "conditions")[i], "type")) add_ours(i, &old);
    }
  }
  for (std::size_t i = 0; i < placed.size() && merged.as_array().size() < kMaxConditions; ++i) {
    if (!placed[i]) add_ours(i, nullptr);
  }
  return merged;
}

Value with_conditions(const Value& ours, const Value* live, const std::string& now) {
  Value merged = ours;
  set(merged, "conditions", merge_conditions(live, ours, now));
  return merged;
}

// Statuses of listeners are all the owner's: one for each that there is.
void merge_listeners(Value& merged, const Value& live, const std::string& now) {
  Value list = Value::Array{};
  for (const Value& listener : items(&merged, "listeners")) {
    const auto& before = items(&live, "listeners");
    const auto old = std::ranges::find_if(before, [&](const Value& each) { return equal(each, listener, "name"); });
    list.push(with_conditions(listener, old == before.end() ? nullptr : &*old, now));
  }
  if (merged.find("listeners")) set(merged, "listeners", std::move(list));
}

// Entries that name their controller: parents of routes, ancestors of policies.
struct EntryList {
  std::string_view list;
  std::string_view identity;  // tells ours from one another
  std::size_t most;
};
constexpr EntryList kParents{"parents", "parentRef", kMaxParents};
constexpr EntryList kAncestors{"ancestors", "ancestorRef", kMaxAncestors};

Value merge_entries(const EntryList& entries, const Value& live, const Value& ours, const Ours& who) {
  const auto& [list, identity, most] = entries;
  Value merged = Value::Array{};
  std::vector<bool> placed(items(&ours, list).size());
  const Value name{std::string(who.controller_name)};
  for (const Value& old : items(&live, list)) {
    const Value* const controller = old.find("controllerName");
    if (!controller || !(*controller == name)) {
      merged.push(old);
      continue;
    }
    for (std::size_t i = 0; i < placed.size(); ++i) {
      const Value& now = items(&ours, list)[i];
      if (placed[i] || !equal(old, now, identity)) continue;
      merged.push(with_conditions(now, &old, who.now));
      placed[i] = true;
      break;
    }
  }
  for (std::size_t i = 0; i < placed.size() && merged.as_array().size() < most; ++i) {
    if (!placed[i]) merged.push(with_conditions(items(&ours, list)[i], nullptr, who.now));
  }
  return merged;
}

// What a kind's status holds beside what we write.
Value with_others(const Value& live, Value merged) {
  if (!live.is_object()) return merged;
  for (const base::Member& member : live.as_object()) {
    if (!merged.find(member.name)) merged.add(member.name, member.value);
  }
  return merged;
}

}  // namespace

Value merge_status(std::string_view kind, const Value& live_as_it_stands, const Value& as_computed, const Ours& who) {
  const Value live = in_order(live_as_it_stands);
  const Value ours = in_order(as_computed);
  for (const EntryList& entries : {kParents, kAncestors}) {
    if (!ours.find(entries.list)) continue;
    Value merged = Value::Object{};
    merged.add(std::string(entries.list), merge_entries(entries, live, ours, who));
    return in_order(with_others(live, std::move(merged)));
  }
  Value merged = with_conditions(ours, &live, who.now);
  merge_listeners(merged, live, who.now);
  // Of a Gateway, a ListenerSet and a GatewayClass the whole status is its controller's: what we do not say is not so.
  return in_order(kind == "GatewayClass" ? with_others(live, std::move(merged)) : std::move(merged));
}

Value in_order(Value value) {
  if (value.is_array()) {
    for (Value& item : value.as_array()) item = in_order(std::move(item));
  } else if (value.is_object()) {
    for (base::Member& member : value.as_object()) member.value = in_order(std::move(member.value));
    std::ranges::sort(value.as_object(), {}, &base::Member::name);
  }
  return value;
}

bool has_entries_of(const Value& status, std::string_view controller_name) {
  const Value name{std::string(controller_name)};
  const auto any_in = [&](std::string_view list) {
    return std::ranges::any_of(items(&status, list), [&](const Value& entry) {
      const Value* const controller = entry.find("controllerName");
      return controller && *controller == name;
    });
  };
  return any_in("parents") || any_in("ancestors");
}

std::int64_t observed_generation(std::string_view kind, const Value& status, std::string_view controller_name) {
  std::int64_t newest = 0;
  const auto look = [&newest](const Value& holder) {
    for (const Value& condition : items(&holder, "conditions")) {
      const Value* const generation = condition.find("observedGeneration");
      if (is_ours(condition) && generation && generation->is_int()) newest = std::max(newest, generation->as_int());
    }
  };
  const Value name{std::string(controller_name)};
  const bool has_entries = kind.ends_with("Route") || kind == "BackendTLSPolicy";
  if (!has_entries) look(status);
  for (const std::string_view list : {kParents.list, kAncestors.list}) {
    for (const Value& entry : items(&status, list)) {
      const Value* const controller = entry.find("controllerName");
      if (controller && *controller == name) look(entry);
    }
  }
  return newest;
}

}  // namespace cardea::cluster
