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

TEST(EffectiveSettings, OnlyTheProcessChangesWhatIsOfTheProcess) {
  Settings process;
  process.workers = 3;
  SettingsTable table(process);
  const auto& made = table.of(plan_with({{"limits.accessLogBufferBytes", "4096"}, {"logLevel", "off"}, {"workers", "7"}}));
  EXPECT_EQ(made.settings.workers, 3u);
  EXPECT_EQ(made.settings.access_log_buffer_bytes, process.access_log_buffer_bytes);
}

TEST(EffectiveSettings, ALongHeadIsStillALimitOfHttp2) {
  SettingsTable table{Settings{}};
  const auto& made = table.of(plan_with({{"limits.maxHeadBytes", "4294967296"}}));
  EXPECT_EQ(made.http2.session.max_header_list_bytes, 4294967295u);
}

TEST(EffectiveSettings, Http2OfClients) {
  SettingsTable table{Settings{}};
  const auto& made = table.of(plan_with({{"limits.http2BacklogBytes", "32768"},
                                         {"limits.http2MaxPings", "5"},
                                         {"limits.http2MaxStreams", "7"},
                                         {"limits.http2StreamWindowBytes", "1000"},
                                         {"timeouts.http2Stall", "3s"}}));
  EXPECT_EQ(made.http2.session.max_backlog_bytes, 32768u);
  EXPECT_EQ(made.http2.session.floods.max_pings, 5u);
  EXPECT_EQ(made.http2.session.floods.max_settings, conn::H2FloodLimits().max_settings);
  EXPECT_EQ(made.http2.session.max_concurrent_streams, 7u);
  EXPECT_EQ(made.http2.session.stream_window_bytes, 1000u);
  EXPECT_EQ(made.http2.session.stall_timeout_ms, 3000u);
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
