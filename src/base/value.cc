// SPDX-License-Identifier: Apache-2.0
#include "base/value.h"

#include <fmt/core.h>

#include <unordered_set>

namespace cardea::base {

const Value* Value::find(std::string_view name) const {
  if (!is_object()) return nullptr;
  for (const Member& member : as_object()) {
    if (member.name == name) return &member.value;
  }
  return nullptr;
}

Value& Value::add(std::string name, Value value) {
  if (is_null()) data = Object{};
  return as_object().emplace_back(Member{std::move(name), std::move(value), {}}).value;
}

Value& Value::push(Value value) {
  if (is_null()) data = Array{};
  return as_array().emplace_back(std::move(value));
}

bool Value::operator==(const Value& other) const { return data == other.data; }

std::string to_string(Position position) { return fmt::format("line {}, column {}", position.line, position.column); }

const Member* find_duplicate(const Value::Object& members) {
  // Ordinary objects are small: comparing pairs is then faster than hashing.
  if (members.size() <= 16) {
    for (std::size_t i = 1; i < members.size(); ++i) {
      for (std::size_t k = 0; k < i; ++k) {
        if (members[i].name == members[k].name) return &members[i];
      }
    }
    return nullptr;
  }
  std::unordered_set<std::string_view> seen;
  for (const Member& member : members) {
    if (!seen.insert(member.name).second) return &member;
  }
  return nullptr;
}

}  // namespace cardea::base
