// SPDX-License-Identifier: Apache-2.0
// The CRD of GatewayParameters says what the catalogue of settings says: no field more, none less, the same types and bounds.
#include "translate/parameters.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>

#include "base/file.h"
#include "base/strings.h"
#include "base/yaml.h"
#include "plan/setting.h"

namespace cardea::translate {
namespace {

using base::Value;
using plan::SettingKind;

const Value& at(const Value& value, std::string_view path) {
  static const Value kNone(Value::Object{});
  const Value* found = &value;
  for (const std::string_view step : base::split(path, '/')) {
    found = found->is_array() ? &found->as_array().at(0) : found->find(step);
    if (!found) {
      ADD_FAILURE() << "no " << path;
      return kNone;
    }
  }
  return *found;
}

// The schema of each leaf by its path, as in the catalogue.
void collect(const Value& schema, const std::string& prefix, std::map<std::string, Value>& leaves) {
  for (const base::Member& property : at(schema, "properties").as_object()) {
    const std::string path = prefix + property.name;
    if (at(property.value, "type") == Value("object")) {
      collect(property.value, path + ".", leaves);
    } else {
      leaves.emplace(path, property.value);
    }
  }
}

std::string type_of(const plan::SettingRule& rule) {
  switch (rule.kind) {
    case SettingKind::Count:
    case SettingKind::Bytes: return "integer";
    case SettingKind::Bool: return "boolean";
    case SettingKind::CidrList:
    case SettingKind::NameList: return "array";
    default: return "string";
  }
}

TEST(Parameters, TheSchemaIsTheCatalogue) {
  const auto text = base::read_file(std::string(CARDEA_SOURCE_DIR) + "/deploy/crds/gateway.cardea.dev_gatewayparameters.yaml");
  ASSERT_TRUE(text) << text.error().message;
  const auto yaml = base::parse_yaml(*text);
  ASSERT_TRUE(yaml.errors.empty()) << yaml.errors[0].message;
  std::map<std::string, Value> leaves;
  collect(at(yaml.values.at(0), "spec/versions/0/schema/openAPIV3Schema/properties/spec"), "", leaves);

  for (const auto& rule : plan::setting_rules()) {
    const auto found = leaves.find(std::string(rule.name));
    ASSERT_NE(found, leaves.end()) << rule.name << " is not in the CRD";
    EXPECT_EQ(at(found->second, "type").as_string(), type_of(rule)) << rule.name;
    if (rule.kind == SettingKind::Count || rule.kind == SettingKind::Bytes) {
      EXPECT_EQ(at(found->second, "minimum").as_int(), static_cast<std::int64_t>(rule.min)) << rule.name;
      EXPECT_EQ(at(found->second, "maximum").as_int(), static_cast<std::int64_t>(rule.max)) << rule.name;
    }
    if (!rule.choices.empty()) {
      const bool list = rule.kind == SettingKind::NameList;
      std::vector<std::string> choices;
      for (const Value& choice : at(found->second, list ? "items/enum" : "enum").as_array()) choices.push_back(choice.as_string());
      EXPECT_EQ(choices, std::vector<std::string>(rule.choices.begin(), rule.choices.end())) << rule.name;
    }
    leaves.erase(found);
  }
  for (const auto& [path, schema] : leaves) ADD_FAILURE() << path << " is in the CRD, and no setting";
}

}  // namespace
}  // namespace cardea::translate
