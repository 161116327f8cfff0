// SPDX-License-Identifier: Apache-2.0
#include "proxy/effective_settings.h"

#include <gtest/gtest.h>

#include "plan/hash.h"
#include "plan/setting.h"

namespace cardea::proxy {
namespace {

plan::Plan plan_with(std::vector<plan::Setting> values) {
  plan::Plan plan;
  plan.settings = plan::seal(plan::Settings{std::move(values), {}});
  return plan;
}

TEST(EffectiveSettings, EverySettingOfAGatewayHasAPlace) {
  for (const auto& rule : plan::setting_rules()) EXPECT_NE(has_member(rule.name), rule.of_process) << rule.name;
}

TEST(EffectiveSettings, ThePlansGoOverTheProcess) {
  Settings process;
  process.max_fields = 50;
  process.idle_timeout = std::chrono::seconds(5);
  SettingsTable table(process);
  const auto& made = table.of(plan_with({{"accessLog", "true"},
                                         {"limits.maxFields", "7"},
                                         {"limits.maxHeadBytes", "4096"},
                                         {"limits.maxResponseHeadBytes", "8192"},
                                         {"loadBalancing.hashName", "x-user"},
                                         {"loadBalancing.hashOn", "Cookie"},
                                         {"loadBalancing.policy", "RoundRobin"},
                                         {"timeouts.connect", "1s500ms"},
                                         {"trustedProxies", "10.0.0.0/8,::1/128"}}));
  EXPECT_TRUE(made.settings.access_log);
  EXPECT_EQ(made.settings.max_fields, 7u);
  EXPECT_EQ(made.settings.connect_timeout.count(), 1500);
  EXPECT_EQ(made.settings.idle_timeout.count(), 5000);
  EXPECT_EQ(made.settings.load_balancing, LoadBalancing::RoundRobin);
  EXPECT_EQ(made.settings.hash_on, HashOn::Cookie);
  EXPECT_EQ(made.settings.hash_name, "x-user");
  EXPECT_EQ(made.request_limits.max_fields, 7u);
  EXPECT_EQ(made.request_limits.max_head_bytes, 4096u);
  EXPECT_EQ(made.response_limits.max_head_bytes, 8192u);
  ASSERT_EQ(made.settings.trusted_proxies.size(), 2u);
  EXPECT_TRUE(made.settings.trusted_proxies[0].contains(*base::parse_ip("10.1.2.3")));
  EXPECT_EQ(table.process().settings.max_fields, 50u);
}

TEST(EffectiveSettings, EqualOnesAreOne) {
  SettingsTable table{Settings{}};
  const auto& first = table.of(plan_with({{"limits.maxFields", "7"}}));
  const auto& other = table.of(plan_with({{"limits.maxFields", "8"}}));
  EXPECT_NE(&first, &other);
  EXPECT_EQ(&first, &table.of(plan_with({{"limits.maxFields", "7"}})));
  EXPECT_EQ(&table.process(), &table.of(plan_with({})));
  // A proxy that did not understand new settings keeps the old ones, under the hash of the new.
  plan::Plan unlike = plan_with({{"limits.maxFields", "7"}});
  unlike.settings = std::make_shared<const plan::Settings>(plan::Settings{{{"limits.maxFields", "9"}}, unlike.settings->hash});
  EXPECT_EQ(table.of(unlike).settings.max_fields, 9u);
  EXPECT_EQ(&table.process(), &table.of(plan::Plan{}));
}

}  // namespace
}  // namespace cardea::proxy
