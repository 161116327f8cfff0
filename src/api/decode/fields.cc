// SPDX-License-Identifier: Apache-2.0
#include "api/decode/fields.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <unordered_map>

#include "base/strings.h"

namespace cardea::api {
namespace {

constexpr std::string_view kText = "text";

std::size_t count_characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string wrong_type(std::string_view wanted, const base::Value& value) {
  std::string_view advice;
  if (wanted == kText && (value.is_int() || value.is_double())) advice = "; put it in quotes";
  if (wanted == kText && value.is_bool()) {
    advice = "; put it in quotes (YAML takes yes, no, on, off, y and n for true or false)";
  }
  return fmt::format("must be {}, not {}{}", wanted, described(value), advice);
}

bool has_shape(const base::Value& value, Shape shape) {
  switch (shape) {
    case Shape::Text:
      return value.is_string();
    case Shape::Int:
      return value.is_int();
    case Shape::Bool:
      return value.is_bool();
    case Shape::List:
      return value.is_array();
    case Shape::Object:
      return value.is_object();
    case Shape::Any:
      return true;
  }
  return true;
}

std::string_view name_of(Shape shape) {
  constexpr std::array<std::string_view, 6> kNames{kText,    "a whole number", "true or false",
                                                   "a list", "an object",      "anything"};
  return kNames[static_cast<std::size_t>(shape)];
}

void check_text(const Node& node, std::string_view text, const TextRule& rule, std::string_view what) {
  if (!node.strict()) {
    if (rule.is_safe && !rule.is_safe(text))
      node.fail(fmt::format("{}must be {}, not {}", what, rule.allowed, quoted(text)));
    return;
  }
  const std::size_t size = count_characters(text);
  if (size < rule.min) {
    node.fail(rule.min == 1 ? fmt::format("{}must not be empty", what)
                            : fmt::format("{}must have at least {} characters, not {}", what, rule.min, size));
  } else if (size > rule.max) {
    node.fail(fmt::format("{}must have at most {} characters, not {}", what, rule.max, size));
  } else if (rule.is && !rule.is(text)) {
    node.fail(fmt::format("{}must be {}, not {}", what, rule.allowed, quoted(text)));
  }
}

// How many single-character edits turn one name into the other, case aside; large when they are far apart.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = base::ascii_lower(a[i - 1]) == base::ascii_lower(b[j - 1]) ? 0 : 1;
      const std::size_t best = std::min({row[j] + 1, row[j - 1] + 1, diagonal + change});
      diagonal = std::exchange(row[j], best);
    }
  }
  return row[b.size()];
}

std::string_view nearest(std::string_view name, const std::vector<std::string_view>& names) {
  if (name.size() > 64) return {};
  const auto closer = [name](std::string_view a, std::string_view b) { return distance(name, a) < distance(name, b); };
  const auto best = std::min_element(names.begin(), names.end(), closer);
  return best != names.end() && distance(name, *best) <= std::max<std::size_t>(1, name.size() / 3) ? *best
                                                                                                   : std::string_view();
}

}  // namespace

Fields::Fields(const Node& node) : node_(node), errors_before_(node.report().count()) {
  if (node.value().is_object()) {
    object_ = &node.value().as_object();
  } else {
    node.fail(wrong_type("an object", node.value()));
  }
}

const base::Value* Fields::take(std::string_view name) {
  names_.push_back(name);
  const base::Value* value = node_.value().find(name);
  return value && !value->is_null() ? value : nullptr;
}

bool Fields::has(std::string_view name) const {
  const base::Value* value = node_.value().find(name);
  return value && !value->is_null();
}

void Fields::ignored(Shape shape, std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    const base::Value* value = take(name);
    if (value && strict() && !has_shape(*value, shape)) {
      Node(node_, name, *value).fail(wrong_type(name_of(shape), *value));
    }
  }
}

void Fields::fail(std::initializer_list<Step> where, std::string text) const {
  std::string path = node_.path();
  const base::Value* deepest = &node_.value();
  const base::Value* at = deepest;
  for (const Step& step : where) {
    if (step.name.empty()) {
      path += fmt::format("[{}]", step.index);
      at = at && at->is_array() && step.index < at->as_array().size() ? &at->as_array()[step.index] : nullptr;
    } else {
      path = path_to_member(std::move(path), step.name);
      at = at ? at->find(step.name) : nullptr;
    }
    if (at) deepest = at;
  }
  node_.report().add({deepest->position, std::move(path), std::move(text)});
}

void Fields::missing(std::string_view name) { fail({name}, "is required"); }

void Fields::report_duplicates(std::string_view list, std::string_view label, const std::vector<std::string>& keys) {
  std::unordered_map<std::string_view, std::size_t> first;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const auto [earlier, is_new] = first.try_emplace(keys[i], i);
    if (is_new) continue;
    std::string text =
        fmt::format("must not repeat {}, which {}[{}] has already", quoted(keys[i]), list, earlier->second);
    if (label.empty()) {
      fail({list, i}, std::move(text));
    } else {
      fail({list, i, label}, std::move(text));
    }
  }
}

void Fields::finish() {
  if (!strict()) return;
  for (const base::Member& member : *object_) {
    if (std::find(names_.begin(), names_.end(), member.name) != names_.end()) continue;
    const std::string_view meant = nearest(member.name, names_);
    std::string text = meant.empty()
                           ? fmt::format("no such field; allowed: {}", fmt::join(names_, ", "))
                           : fmt::format("no such field; did you mean {}? Allowed: {}", meant, fmt::join(names_, ", "));
    node_.report().add({member.position, path_to_member(node_.path(), member.name), std::move(text)});
  }
}

void read_value(const Node& node, std::string& out, const TextRule& rule) {
  if (!node.value().is_string()) return node.fail(wrong_type(kText, node.value()));
  out = node.value().as_string();
  check_text(node, out, rule, "");
}

void read_value(const Node& node, bool& out) {
  if (!node.value().is_bool()) return node.fail(wrong_type("true or false", node.value()));
  out = node.value().as_bool();
}

// GEP-2257: ^([0-9]{1,5}(h|m|s|ms)){1,4}$
void read_value(const Node& node, std::chrono::milliseconds& out) {
  std::string written;
  const std::size_t errors = node.report().count();
  read_value(node, written);
  if (node.report().count() != errors) return;

  std::string_view text = written;
  std::int64_t total = 0;
  int groups = 0;
  for (; !text.empty() && groups < 4; ++groups) {
    const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
    const auto number = digits <= 5 ? base::parse_uint64(text.substr(0, digits), 99999) : std::nullopt;
    text.remove_prefix(digits);
    const std::int64_t unit = text.starts_with("ms")  ? 1
                              : text.starts_with("s") ? 1000
                              : text.starts_with("m") ? 60'000
                              : text.starts_with("h") ? 3'600'000
                                                      : 0;
    if (!number || unit == 0) break;
    total += static_cast<std::int64_t>(*number) * unit;
    text.remove_prefix(unit == 1 ? 2 : 1);
  }
  if (!text.empty() || groups == 0) {
    return node.fail(fmt::format(
        "must be a duration of one to four whole numbers (up to 99999) with h, m, s or ms, as in \"1m30s\", not {}",
        quoted(written)));
  }
  out = std::chrono::milliseconds(total);
}

void read_value(const Node& node, StringMap& out, const MapRule& rule) {
  if (!node.value().is_object()) return node.fail(wrong_type("an object of texts", node.value()));
  const base::Value::Object& members = node.value().as_object();
  if (node.strict() && members.size() > rule.max) {
    return node.fail(fmt::format("must have at most {} entries, not {}", rule.max, members.size()));
  }
  out.reserve(members.size());
  for (const base::Member& member : members) {
    const Node entry(node, member.name, member.value);
    check_text(entry, member.name, rule.key, "its key ");
    std::string value;
    if (rule.secret && !member.value.is_string() && !member.value.is_null()) {
      entry.fail("must be text; put it in quotes");
    } else if (!member.value.is_null()) {
      read_value(entry, value, rule.value);
    }
    out.set(member.name, std::move(value));
  }
}

bool read_int(const Node& node, std::int64_t& out, std::int64_t min, std::int64_t max) {
  const base::Value& value = node.value();
  if (!value.is_int()) {
    node.fail(wrong_type("a whole number", value) + (value.is_string() ? "; leave out the quotes" : ""));
    return false;
  }
  out = value.as_int();
  if (out >= min && out <= max) return true;
  constexpr std::int64_t kNoLimit = std::numeric_limits<std::int64_t>::max();
  node.fail(max == kNoLimit ? fmt::format("must be at least {}, not {}", min, out)
                            : fmt::format("must be between {} and {}, not {}", min, max, out));
  return false;
}

std::optional<std::size_t> read_choice(const Node& node, std::span<const std::string_view> names,
                                       const ChoiceRule& rule) {
  if (!node.value().is_string()) {
    node.fail(wrong_type(kText, node.value()));
    return std::nullopt;
  }
  const auto allowed = [&rule](std::size_t index) { return (rule.allowed >> index & 1) != 0; };
  const auto found = std::find(names.begin(), names.end(), node.value().as_string());
  const auto index = static_cast<std::size_t>(found - names.begin());
  if (index < names.size() && allowed(index)) return index;
  if (rule.open || !node.strict()) return names.size();
  std::vector<std::string_view> choices;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (allowed(i)) choices.push_back(names[i]);
  }
  node.fail(fmt::format("must be one of {}, not {}", fmt::join(choices, ", "), quoted(node.value().as_string())));
  return std::nullopt;
}

const base::Value::Array* read_list(const Node& node, const ListRule& rule) {
  if (!node.value().is_array()) {
    node.fail(wrong_type("a list", node.value()));
    return nullptr;
  }
  const base::Value::Array& items = node.value().as_array();
  if (!node.strict()) return &items;
  if (items.size() < rule.min || items.size() > rule.max) {
    const bool few = items.size() < rule.min;
    const std::size_t limit = few ? rule.min : rule.max;
    node.fail(fmt::format("must have {} {} {}, not {}", few ? "at least" : "at most", limit,
                          limit == 1 ? "item" : "items", items.size()));
    return nullptr;
  }
  return &items;
}

}  // namespace cardea::api
