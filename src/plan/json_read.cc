// SPDX-License-Identifier: Apache-2.0
#include "plan/json_read.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/clock.h"

namespace cardea::plan::internal {

void Node::fail(std::string_view what) const {
  if (error_->message) return;
  const std::string where = value_->position.line > 0 ? to_string(value_->position) + ": " : "";
  error_->message = fmt::format("{}{} {}", where, path_.empty() ? "the plan" : path_, what);
}

std::string Node::string() const {
  if (value_->is_string()) return value_->as_string();
  fail("must be a string");
  return {};
}

bool Node::boolean() const {
  if (value_->is_bool()) return value_->as_bool();
  fail("must be true or false");
  return false;
}

std::int64_t Node::integer(std::int64_t min, std::int64_t max) const {
  if (value_->is_int() && value_->as_int() >= min && value_->as_int() <= max) return value_->as_int();
  fail(fmt::format("must be a whole number from {} to {}", min, max));
  return min;
}

ObjectName Node::object_name() const {
  const std::string text = string();
  const std::size_t slash = text.find('/');
  if (slash != std::string::npos) return {text.substr(0, slash), text.substr(slash + 1)};
  fail("must be NAMESPACE/NAME");
  return {};
}

std::chrono::milliseconds Node::duration() const {
  if (const auto value = base::parse_duration(string())) return *value;
  fail("must be a duration such as 1m30s");
  return {};
}

std::vector<Node> Node::items() const {
  std::vector<Node> items;
  if (!value_->is_array()) {
    fail("must be a list");
    return items;
  }
  for (const Value& item : value_->as_array()) {
    items.emplace_back(item, fmt::format("{}[{}]", path_, items.size()), *error_);
  }
  return items;
}

const Value::Object& Node::members() const {
  static const Value::Object kNone;
  if (value_->is_object()) return value_->as_object();
  fail("must be an object");
  return kNone;
}

Node Node::member(const base::Member& member) const {
  return {member.value, path_.empty() ? member.name : path_ + "." + member.name, *error_};
}

Members::Members(const Node& node) : node_(node) {
  if (!node.value().is_object()) node.fail("must be an object");
}

Members::~Members() {
  if (node_.failed() || !node_.value().is_object()) return;
  for (const base::Member& member : node_.value().as_object()) {
    if (std::ranges::find(asked_, member.name) == asked_.end()) node_.member(member).fail("is not known");
  }
}

std::optional<Node> Members::find(std::string_view name) {
  asked_.push_back(name);
  if (!node_.value().is_object()) return std::nullopt;
  for (const base::Member& member : node_.value().as_object()) {
    if (member.name == name) return node_.member(member);
  }
  return std::nullopt;
}

std::optional<Node> Members::required(std::string_view name) {
  auto node = find(name);
  if (!node) node_.fail(fmt::format("needs a member \"{}\"", name));
  return node;
}

std::string Members::string(std::string_view name) {
  const auto node = required(name);
  return node ? node->string() : std::string();
}

std::string Members::string(std::string_view name, std::string otherwise) {
  const auto node = find(name);
  return node ? node->string() : otherwise;
}

bool Members::boolean(std::string_view name, bool otherwise) {
  const auto node = find(name);
  return node ? node->boolean() : otherwise;
}

std::vector<std::string> read_strings(const std::optional<Node>& node) {
  return read_list<std::string>(node, [](const Node& item) { return item.string(); });
}

}  // namespace cardea::plan::internal
