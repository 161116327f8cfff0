// SPDX-License-Identifier: Apache-2.0
#include "proxy/balance_key.h"

#include <gtest/gtest.h>

namespace cardea::proxy {
namespace {

Settings hash_on(HashOn on, std::string name = {}) {
  Settings settings;
  settings.load_balancing = LoadBalancing::Hash;
  settings.hash_on = on;
  settings.hash_name = std::move(name);
  return settings;
}

TEST(BalanceKey, OtherPoliciesNeedNone) {
  Settings settings;
  settings.load_balancing = LoadBalancing::RoundRobin;
  EXPECT_EQ(balance_by(settings, {}, "192.0.2.1").policy, LoadBalancing::RoundRobin);
  EXPECT_EQ(balance_by(Settings{}, {}, "192.0.2.1").policy, LoadBalancing::LeastOfTwo);
}

TEST(BalanceKey, TheAddress) {
  const Settings settings = hash_on(HashOn::SourceAddress);
  EXPECT_EQ(balance_by(settings, {}, "192.0.2.1").key, balance_by(settings, {}, "192.0.2.1").key);
  EXPECT_NE(balance_by(settings, {}, "192.0.2.1").key, balance_by(settings, {}, "192.0.2.2").key);
}

TEST(BalanceKey, AHeaderWhateverItsCase) {
  const Settings settings = hash_on(HashOn::Header, "x-user");
  http::RequestHead head;
  head.fields.append("X-User", "ada");
  const auto by = balance_by(settings, head, "192.0.2.1");
  EXPECT_EQ(by.policy, LoadBalancing::Hash);
  EXPECT_EQ(by.key, balance_by(settings, head, "192.0.2.2").key);
  EXPECT_EQ(balance_by(settings, {}, "192.0.2.1").policy, LoadBalancing::LeastOfTwo);
}

TEST(BalanceKey, ACookieAmongOthers) {
  const Settings settings = hash_on(HashOn::Cookie, "session");
  http::RequestHead head, other, none;
  head.fields.append("Cookie", "xsession=1; session=abc; more=2");
  other.fields.append("Cookie", "session=abc");
  none.fields.append("Cookie", "sessions=abc; session");
  EXPECT_EQ(balance_by(settings, head, "").policy, LoadBalancing::Hash);
  EXPECT_EQ(balance_by(settings, head, "").key, balance_by(settings, other, "").key);
  EXPECT_EQ(balance_by(settings, none, "").policy, LoadBalancing::LeastOfTwo);
}

}  // namespace
}  // namespace cardea::proxy
