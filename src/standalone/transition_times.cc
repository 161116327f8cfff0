// SPDX-License-Identifier: Apache-2.0
#include "standalone/transition_times.h"

#include <array>
#include <string_view>

namespace cardea::standalone {
namespace {

using base::Value;

constexpr std::string_view kTime = "lastTransitionTime";

// A list inside a status whose entries hold conditions, and the members that say which entry is which.
struct Entries {
  std::string_view list;
  std::array<std::string_view, 2> identity;
};
constexpr std::array<Entries, 3> kEntries{{{"listeners", {"name", "name"}},
                                           {"parents", {"parentRef", "controllerName"}},
                                           {"ancestors", {"ancestorRef", "controllerName"}}}};

Value* find(Value& object, std::string_view name) { return const_cast<Value*>(object.find(name)); }

bool equal(const Value& a, const Value& b, std::string_view member) {
  const Value* const left = a.find(member);
  const Value* const right = b.find(member);
  return left && right && *left == *right;
}

const Value* earlier(const Value* list, const Value& item, const std::array<std::string_view, 2>& identity) {
  if (!list || !list->is_array()) return nullptr;
  for (const Value& candidate : list->as_array()) {
    if (equal(candidate, item, identity[0]) && equal(candidate, item, identity[1])) return &candidate;
  }
  return nullptr;
}

void add_times_to_conditions(Value& holder, const Value* before, const std::string& now) {
  Value* const conditions = find(holder, "conditions");
  if (!conditions || !conditions->is_array()) return;
  for (Value& condition : conditions->as_array()) {
    const Value* const same = earlier(before ? before->find("conditions") : nullptr, condition, {"type", "status"});
    const Value* const time = same ? same->find(kTime) : nullptr;
    Value stamp = time && time->is_string() ? *time : Value(now);
    if (Value* const present = find(condition, kTime)) {
      *present = std::move(stamp);
    } else {
      condition.add(std::string(kTime), std::move(stamp));
    }
  }
}

}  // namespace

void add_transition_times(Value& status, const Value* before, const std::string& now) {
  add_times_to_conditions(status, before, now);
  for (const Entries& entries : kEntries) {
    Value* const list = find(status, entries.list);
    if (!list || !list->is_array()) continue;
    for (Value& item : list->as_array()) {
      const Value* const old = earlier(before ? before->find(entries.list) : nullptr, item, entries.identity);
      add_times_to_conditions(item, old, now);
    }
  }
}

}  // namespace cardea::standalone
