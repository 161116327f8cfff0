// SPDX-License-Identifier: Apache-2.0
#include "translate/parameters.h"

#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "base/strings.h"
#include "plan/setting.h"

namespace cardea::translate {
namespace {

Problem invalid(std::string message) { return {reason::kInvalidParameters, std::move(message)}; }

// The text of a scalar, or of a list of them; nothing for anything else.
std::optional<std::string> text_of(const base::Value& value) {
  if (value.is_string()) return value.as_string();
  if (value.is_bool()) return value.as_bool() ? "true" : "false";
  if (value.is_int()) return std::to_string(value.as_int());
  if (!value.is_array()) return std::nullopt;
  std::vector<std::string> items;
  for (const base::Value& item : value.as_array()) {
    if (!item.is_string() || item.as_string().find(',') != std::string::npos) return std::nullopt;
    items.push_back(item.as_string());
  }
  return base::join(items, ",");
}

bool is_list(plan::SettingKind kind) { return kind == plan::SettingKind::CidrList || kind == plan::SettingKind::NameList; }

bool is_number(plan::SettingKind kind) { return kind == plan::SettingKind::Count || kind == plan::SettingKind::Bytes; }

// Whether the value is of the type that the field has in the CRD.
bool has_type(const plan::SettingRule& rule, const base::Value& value) {
  if (is_list(rule.kind)) return value.is_array();
  if (rule.kind == plan::SettingKind::Bool) return value.is_bool();
  return is_number(rule.kind) ? value.is_int() : value.is_string();
}

std::string_view type_of(const plan::SettingRule& rule) {
  if (is_list(rule.kind)) return "a list of texts";
  if (rule.kind == plan::SettingKind::Bool) return "true or false";
  return is_number(rule.kind) ? "a whole number" : "a text";
}

class Reader {
 public:
  Reader(const api::GatewayParameters& object, Parameters& out) : object_(object), out_(out) {}

  void read() {
    object(object_.spec, "");
    std::ranges::sort(out_.settings);
    if (out_.problem) out_.settings.clear();
  }

 private:
  void fail(std::string_view path, std::string_view what) {
    if (out_.problem) return;
    out_.problem = invalid(fmt::format("GatewayParameters {}: spec.{} {}", api::to_text(object_.metadata.key()), path, what));
  }

  void object(const base::Value& value, const std::string& prefix) {
    for (const base::Member& member : value.as_object()) {
      if (!member.value.is_null()) this->member(prefix + member.name, member.value);
    }
  }

  void member(const std::string& path, const base::Value& value) {
    const plan::SettingRule* rule = plan::find_setting(path);
    if (!rule) {
      const bool group = std::ranges::any_of(plan::setting_rules(), [&](const auto& one) { return one.name.starts_with(path + "."); });
      if (!group) return fail(path, "is no setting");
      return value.is_object() ? object(value, path + ".") : fail(path, "must be an object");
    }
    const auto text = text_of(value);
    if (!text || !has_type(*rule, value)) return fail(path, fmt::format("must be {}", type_of(*rule)));
    const auto canonical = plan::canonical_setting(*rule, *text);
    if (!canonical) return fail(path, canonical.error().message);
    out_.settings.push_back({path, *canonical});
  }

  const api::GatewayParameters& object_;
  Parameters& out_;
};

Parameters find(std::string_view field, std::string_view group, std::string_view kind, const api::ObjectKey& key,
                const api::Resources& resources) {
  Parameters found;
  if (group != api::kCardeaGroup || kind != api::GatewayParameters::kKind) {
    found.problem = invalid(fmt::format("{} names a {} of group {}: only {} of group {} is supported", field, kind, group,
                                        api::GatewayParameters::kKind, api::kCardeaGroup));
  } else if (key.namespace_.empty()) {
    found.problem = invalid(fmt::format("{} needs a namespace: GatewayParameters are namespaced", field));
  } else if (const auto* object = resources.find<api::GatewayParameters>(key)) {
    Reader(*object, found).read();
  } else {
    found.problem = invalid(fmt::format("{}: GatewayParameters {} does not exist", field, api::to_text(key)));
  }
  return found;
}

const std::string* value_of(const std::vector<plan::Setting>& settings, std::string_view name) {
  const auto found = std::ranges::lower_bound(settings, name, {}, [](const auto& one) -> std::string_view { return one.name; });
  return found != settings.end() && found->name == name ? &found->value : nullptr;
}

std::optional<Problem> check_together(const std::vector<plan::Setting>& settings) {
  const auto number = [&](std::string_view name) {
    const std::string* text = value_of(settings, name);
    return text ? base::parse_uint<std::uint64_t>(*text) : std::nullopt;
  };
  const auto line = number("limits.maxRequestLineBytes");
  const auto head = number("limits.maxHeadBytes");
  if (line && head && *line > *head) {
    return invalid("limits.maxRequestLineBytes is larger than limits.maxHeadBytes, of which it is a part");
  }
  const std::string* on = value_of(settings, "loadBalancing.hashOn");
  const bool named = value_of(settings, "loadBalancing.hashName") != nullptr;
  const std::string* policy = value_of(settings, "loadBalancing.policy");
  if (policy && *policy == "Hash" && !on) return invalid("loadBalancing.policy Hash needs loadBalancing.hashOn");
  if (on && *on != "SourceAddress" && !named) return invalid(fmt::format("loadBalancing.hashOn {} needs loadBalancing.hashName", *on));
  return std::nullopt;
}

}  // namespace

Parameters parameters_of(const api::GatewayClass& gateway_class, const api::Resources& resources) {
  const auto& ref = gateway_class.spec.parameters_ref;
  if (!ref) return {};
  return find("spec.parametersRef", ref->group, ref->kind, {ref->namespace_, ref->name}, resources);
}

Parameters parameters_of(const api::Gateway& gateway, const api::Resources& resources) {
  const auto& infrastructure = gateway.spec.infrastructure;
  if (!infrastructure || !infrastructure->parameters_ref) return {};
  const api::LocalObjectReference& ref = *infrastructure->parameters_ref;
  return find("spec.infrastructure.parametersRef", ref.group, ref.kind, {gateway.metadata.namespace_, ref.name}, resources);
}

Parameters merge(const Parameters& of_class, const Parameters& of_gateway) {
  Parameters merged = of_gateway;
  if (of_class.problem) merged.problem = of_class.problem;
  for (const plan::Setting& setting : of_class.settings) {
    if (!value_of(of_gateway.settings, setting.name)) merged.settings.push_back(setting);
  }
  std::ranges::sort(merged.settings);
  if (!merged.problem) merged.problem = check_together(merged.settings);
  return merged;
}

}  // namespace cardea::translate
