// SPDX-License-Identifier: Apache-2.0
#include "app/admin.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "base/yaml.h"

namespace cardea::app {
namespace {

class AdminTest : public testing::Test {
 protected:
  AdminResponse get(std::string_view path, std::string_view query = {}, std::string_view accept = "*/*") {
    return answer_admin(facts_, "GET", path, query, accept);
  }

  std::string not_ready_;
  AdminFacts facts_{.statuses =
                        [] {
                          base::Value route = base::Value::Object{};
                          route.add("kind", "HTTPRoute");
                          return std::vector{route};
                        },
                    .problems = [] { return std::vector<std::string>{"a.yaml:1:2: wrong"}; },
                    .plan = [] { return base::Value(base::Value::Array{}); },
                    .metrics = [] { return std::string("cardea_up 1\n"); },
                    .not_ready = [this] { return not_ready_; }};
};

TEST_F(AdminTest, StatusIsYamlOrJson) {
  const auto yaml = get("/status");
  EXPECT_EQ(yaml.status, 200);
  const auto parsed = base::parse_yaml(yaml.body);
  ASSERT_EQ(parsed.values.size(), 1u);
  EXPECT_EQ(parsed.values[0].find("problems")->as_array().at(0).as_string(), "a.yaml:1:2: wrong");
  for (const auto& json : {get("/status", "format=json"), get("/status", "", "application/json")}) {
    EXPECT_EQ(json.content_type, "application/json");
    const auto value = base::parse_json(json.body);
    ASSERT_TRUE(value);
    EXPECT_EQ(*value, parsed.values[0]);
  }
  EXPECT_EQ(get("/status", "format=yaml", "application/json").body, yaml.body);
}

TEST_F(AdminTest, ReadyOnlyWhenNothingSpeaksAgainstIt) {
  EXPECT_EQ(get("/readyz").status, 200);
  not_ready_ = "draining";
  const auto response = get("/readyz");
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(response.body, "draining\n");
  EXPECT_EQ(get("/livez").status, 200);
}

TEST_F(AdminTest, OtherPages) {
  EXPECT_EQ(get("/metrics").body, "cardea_up 1\n");
  EXPECT_TRUE(base::parse_json(get("/plan").body));
  const auto build = base::parse_json(get("/build").body);
  ASSERT_TRUE(build);
  EXPECT_EQ(build->find("name")->as_string(), "cardea");
  EXPECT_NE(get("/").body.find("/status"), std::string::npos);
}

TEST_F(AdminTest, ReadsOnlyAndKnowsItsPages) {
  EXPECT_EQ(get("/nothing").status, 404);
  EXPECT_EQ(get("/status/").status, 404);
  EXPECT_EQ(answer_admin(facts_, "POST", "/status", "", "").status, 405);
  EXPECT_EQ(answer_admin(facts_, "DELETE", "/plan", "", "").status, 405);
  EXPECT_EQ(answer_admin(facts_, "HEAD", "/readyz", "", "").status, 200);
}

}  // namespace
}  // namespace cardea::app
