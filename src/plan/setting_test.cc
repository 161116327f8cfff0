// SPDX-License-Identifier: Apache-2.0
#include "plan/setting.h"

#include <gtest/gtest.h>

#include "plan/hash.h"

namespace cardea::plan {
namespace {

std::string canonical(std::string_view name, std::string_view text) {
  const auto* rule = find_setting(name);
  if (!rule) return "no setting";
  const auto value = canonical_setting(*rule, text);
  return value ? *value : "error: " + value.error().message;
}

TEST(Setting, EveryKindHasOneForm) {
  EXPECT_EQ(canonical("timeouts.idle", "90s"), "1m30s");
  EXPECT_EQ(canonical("timeouts.idle", "90"), "error: must be a duration such as 500ms, 15s or 1m30s");
  EXPECT_EQ(canonical("limits.maxFields", "007"), "7");
  EXPECT_EQ(canonical("limits.maxFields", "0"), "error: must be a whole number from 1 to 4294967295");
  EXPECT_EQ(canonical("limits.maxFields", "-1"), "error: must be a whole number from 1 to 4294967295");
  EXPECT_EQ(canonical("accessLog", "true"), "true");
  EXPECT_EQ(canonical("accessLog", "yes"), "error: must be true or false");
  EXPECT_EQ(canonical("loadBalancing.policy", "Random"), "Random");
  EXPECT_EQ(canonical("loadBalancing.policy", "random"), "error: must be one of LeastOfTwo, RoundRobin, Random, Hash");
  EXPECT_EQ(canonical("trustedProxies", "10.0.0.0/8,::1"), "10.0.0.0/8,::1/128");
  EXPECT_EQ(canonical("trustedProxies", ""), "");
  EXPECT_EQ(canonical("trustedProxies", "10.0.0.0/33"), "error: must hold addresses and ranges such as 192.0.2.1 or 10.0.0.0/8");
  EXPECT_EQ(canonical("loadBalancing.hashName", "x y"), "error: must be a token of HTTP: 1 to 256 letters, digits and !#$%&'*+-.^_`|~");
  EXPECT_EQ(canonical("limits.maxHeadBytes", "4096"), "4096");
  EXPECT_EQ(canonical("limits.maxHeadBytes", "4k"), "error: must be a whole number from 256 to 1099511627776");
  EXPECT_EQ(canonical("tls.cipherSuites", "TLS_AES_256_GCM_SHA384,TLS_AES_128_GCM_SHA256"), "TLS_AES_256_GCM_SHA384,TLS_AES_128_GCM_SHA256");
  EXPECT_TRUE(canonical("tls.ciphers", "ECDHE-RSA-AES128-GCM-SHA256,ROT13").starts_with("error: must hold only names of ECDHE-"));
}

TEST(Setting, OfTheProcessTheFirstPlanDecides) {
  const auto plan = [](std::string name, std::vector<Setting> values) {
    return seal(Plan{{"ns", std::move(name)}, 0, nullptr, nullptr, nullptr, seal(Settings{std::move(values), {}})});
  };
  const PlanSet plans{plan("a", {}), plan("b", {{"logLevel", "warn"}}), plan("c", {{"logLevel", "error"}, {"workers", "2"}})};
  EXPECT_EQ(*process_setting(plans, "logLevel"), "warn");
  EXPECT_EQ(*process_setting(plans, "workers"), "2");
  EXPECT_EQ(process_setting(plans, "accessLog"), nullptr);
}

TEST(Setting, WhatIsCanonicalStaysAsItIs) {
  for (const auto& rule : setting_rules()) EXPECT_EQ(find_setting(rule.name), &rule);
  EXPECT_EQ(find_setting("limits"), nullptr);
  EXPECT_EQ(canonical("trustedProxies", canonical("trustedProxies", "192.0.2.1,2001:DB8::/32")), "192.0.2.1/32,2001:db8::/32");
}

}  // namespace
}  // namespace cardea::plan
