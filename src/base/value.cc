// SPDX-License-Identifier: Apache-2.0
#include "base/value.h"

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

}  // namespace cardea::base
