// SPDX-License-Identifier: Apache-2.0
#include "proxy/setting_members.h"

#include <gtest/gtest.h>

#include "plan/setting.h"

namespace cardea::proxy {
namespace {

// The catalogue's bounds hold for the defaults too, so that a default may be written down as it is.
TEST(SettingMembers, EverySettingHasAPlaceAndADefaultThatTheCatalogueTakes) {
  for (const auto& rule : plan::setting_rules()) {
    EXPECT_EQ(has_member(rule.name), rule.name != "logLevel") << rule.name;
    const std::string text = member_text(Settings(), rule.name);
    if (text.empty()) continue;
    const auto canonical = plan::canonical_setting(rule, text);
    ASSERT_TRUE(canonical) << rule.name << ": " << text << ' ' << canonical.error().message;
    EXPECT_EQ(*canonical, text) << rule.name;
  }
}

TEST(SettingMembers, WhatIsSetStandsThere) {
  Settings settings;
  for (const auto& rule : plan::setting_rules()) {
    std::string value;
    switch (rule.kind) {
      case plan::SettingKind::Duration: value = "1m30s"; break;
      case plan::SettingKind::Count:
      case plan::SettingKind::Bytes: value = std::to_string(rule.max); break;
      case plan::SettingKind::Bool: value = "true"; break;
      case plan::SettingKind::Choice: value = rule.choices.back(); break;
      case plan::SettingKind::Token: value = "x-name"; break;
      case plan::SettingKind::CidrList:
      case plan::SettingKind::NameList: continue;
    }
    set_member(settings, {std::string(rule.name), value});
    const std::string text = member_text(settings, rule.name);
    if (!text.empty()) EXPECT_EQ(text, value) << rule.name;
  }
  EXPECT_EQ(settings.via, "x-name");
  EXPECT_EQ(settings.tls.min_version, net::TlsVersion::Tls13);
  EXPECT_EQ(settings.backend_tls.min_version, net::TlsVersion::Tls13);
}

TEST(SettingMembers, Lists) {
  Settings settings;
  set_member(settings, {"trustedProxies", "10.0.0.0/8,::1/128"});
  ASSERT_EQ(settings.trusted_proxies.size(), 2u);
  set_member(settings, {"trustedProxies", ""});
  EXPECT_TRUE(settings.trusted_proxies.empty());
  set_member(settings, {"via", "off"});
  EXPECT_EQ(settings.via, "");
  set_member(settings, {"backendTls.ciphers", "ECDHE-RSA-AES128-GCM-SHA256,ECDHE-RSA-AES256-GCM-SHA384"});
  EXPECT_EQ(settings.backend_tls.ciphers, "ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-AES256-GCM-SHA384");
  EXPECT_EQ(settings.tls.ciphers, "");
}

// Names that OpenSSL does not know would be refused by a listener, long after the condition that should have said so.
TEST(SettingMembers, OpensslKnowsEveryCipherOfTheCatalogue) {
  for (const std::string_view prefix : {"tls.", "backendTls."}) {
    for (const std::string_view name : {"ciphers", "cipherSuites"}) {
      const auto* rule = plan::find_setting(std::string(prefix).append(name));
      for (const std::string_view choice : rule->choices) {
        net::TlsRules rules;
        (name == "ciphers" ? rules.ciphers : rules.cipher_suites) = choice;
        const auto known = net::check_rules(rules);
        EXPECT_TRUE(known) << choice << ": " << known.error().message;
      }
    }
  }
}

}  // namespace
}  // namespace cardea::proxy
