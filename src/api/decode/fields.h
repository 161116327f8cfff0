// SPDX-License-Identifier: Apache-2.0
// Fields: how every kind says what it consists of. A struct is described by one function
//
//   void read(Fields& in, HTTPPathMatch& out) {
//     in.optional("type", out.type);
//     in.optional("value", out.value, TextRule{.max = 1024});
//     ... rules between fields, as in.rule(holds, {"value"}, "must ...") after `if (!in.sound()) return;`
//   }
//
// which reads like the specification's table. A member that is null counts as absent. What was not named is an unknown
// field: an error in strict mode, passed over in lenient mode.
#pragma once

#include <array>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "api/decode/report.h"
#include "api/decode/rules.h"
#include "api/enum.h"
#include "api/rare.h"
#include "api/string_map.h"

namespace cardea::api {

// Which enumerators a field takes. Open: any other text too, in strict mode as well.
struct ChoiceRule {
  bool open = false;
  std::uint64_t allowed = ~std::uint64_t{0};  // bit n: the enumerator n
};

enum class Shape : std::uint8_t { Text, Int, Bool, List, Object, Any };

// A step into a value: a member's name or an item's index.
struct Step {
  Step(const char* member) : name(member) {}
  Step(std::string_view member) : name(member) {}
  Step(std::size_t item) : index(item) {}
  std::string_view name;
  std::size_t index = 0;
};

class Fields {
 public:
  // Not usable (false) when the value is no object; that is then an error already.
  explicit Fields(const Node& node);
  explicit operator bool() const { return object_ != nullptr; }

  // Both give whether the field was there (and not null).
  template <class T, class... Rules>
  bool optional(std::string_view name, T& out, const Rules&... rules) {
    const base::Value* value = take(name);
    if (value) read_value(Node(node_, name, *value), out, rules...);
    return value != nullptr;
  }
  template <class T, class... Rules>
  bool required(std::string_view name, T& out, const Rules&... rules) {
    const bool found = optional(name, out, rules...);
    if (!found) missing(name);
    return found;
  }
  // Fields that exist but do not matter here.
  void ignored(Shape shape, std::initializer_list<std::string_view> names);

  // The member's value, or nullptr; it is then no longer unknown.
  const base::Value* take(std::string_view name);
  bool has(std::string_view name) const;
  const Node& node() const { return node_; }
  bool strict() const { return node_.strict(); }
  std::string_view version() const { return node_.report().version(); }

  // Whether nothing is wrong so far: rules between fields look only at what could be read. Always false in lenient
  // mode, where they do not apply.
  bool sound() const { return strict() && node_.report().count() == errors_before_; }
  void rule(bool holds, std::initializer_list<Step> where, std::string_view text) {
    if (!holds) fail(where, std::string(text));
  }
  void fail(std::initializer_list<Step> where, std::string text) const;
  // An error for every item whose key an earlier item has. `label` names what must be unique: "name".
  template <class Item, class Key>
  void unique(std::string_view list, const std::vector<Item>& items, std::string_view label, Key key) {
    std::vector<std::string> keys;
    keys.reserve(items.size());
    for (const Item& item : items) keys.emplace_back(key(item));
    report_duplicates(list, label, keys);
  }
  void unique(std::string_view list, const std::vector<std::string>& items) { report_duplicates(list, {}, items); }

  // To be called last: what remains is unknown.
  void finish();

 private:
  void missing(std::string_view name);
  void report_duplicates(std::string_view list, std::string_view label, const std::vector<std::string>& keys);

  const Node& node_;
  const base::Value::Object* object_ = nullptr;
  std::size_t errors_before_;
  std::vector<std::string_view> names_;
};

// One overload per type of field.
void read_value(const Node& node, std::string& out, const TextRule& rule = {});
void read_value(const Node& node, bool& out);
void read_value(const Node& node, std::chrono::milliseconds& out);
void read_value(const Node& node, StringMap& out, const MapRule& rule = {});

bool read_int(const Node& node, std::int64_t& out, std::int64_t min, std::int64_t max);
// The index of the name that was written; names.size() for another text that may stand; nothing after an error.
std::optional<std::size_t> read_choice(const Node& node, std::span<const std::string_view> names,
                                       const ChoiceRule& rule);
// The items, or nullptr after an error.
const base::Value::Array* read_list(const Node& node, const ListRule& rule);

template <std::integral T>
  requires(!std::same_as<T, bool>)
void read_value(const Node& node, T& out, const IntRule& rule = {}) {
  using Limits = std::numeric_limits<T>;
  const bool bounded = node.strict();
  const auto lowest = static_cast<std::int64_t>(Limits::min());
  const auto highest = static_cast<std::int64_t>(Limits::max());
  std::int64_t number = 0;
  if (read_int(node, number, bounded ? std::max(rule.min, lowest) : lowest,
               bounded ? std::min(rule.max, highest) : highest)) {
    out = static_cast<T>(number);
  }
}

template <class T>
void read_value(const Node& node, Enum<T>& out, const ChoiceRule& rule = {}) {
  const auto choice = read_choice(node, EnumText<T>::kNames, rule);
  if (!choice) return;
  out = *choice < EnumText<T>::kNames.size() ? Enum<T>(static_cast<T>(*choice))
                                             : Enum<T>::unknown(node.value().as_string());
}

// An enum that takes other texts too, as long as they keep the rule.
template <class T>
void read_value(const Node& node, Enum<T>& out, const TextRule& rule) {
  const std::size_t errors = node.report().count();
  std::string text;
  read_value(node, text, rule);
  if (node.report().count() == errors) read_value(node, out, ChoiceRule{.open = true});
}

// A struct, by its read().
template <class T>
  requires std::is_class_v<T>
void read_value(const Node& node, T& out) {
  Fields in(node);
  if (!in) return;
  read(in, out);
  in.finish();
}

template <class T, class... Rules>
void read_value(const Node& node, std::optional<T>& out, const Rules&... rules) {
  read_value(node, out.emplace(), rules...);
}

template <class T, class... Rules>
void read_value(const Node& node, Rare<T>& out, const Rules&... rules) {
  read_value(node, out.emplace(), rules...);
}

template <class T, class... Rules>
void read_value(const Node& node, std::vector<T>& out, const ListRule& list, const Rules&... rules) {
  const base::Value::Array* items = read_list(node, list);
  if (!items) return;
  out.reserve(items->size());
  for (std::size_t i = 0; i < items->size(); ++i) read_value(Node(node, i, (*items)[i]), out.emplace_back(), rules...);
}

}  // namespace cardea::api
