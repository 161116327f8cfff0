// SPDX-License-Identifier: Apache-2.0
#include "cluster/ca_rotation.h"

#include <gtest/gtest.h>

#include "base/x509.h"

namespace cardea::cluster {
namespace {

using std::chrono::hours;

const base::WallTime kStart = *base::parse_rfc3339("2026-01-01T00:00:00Z");
const CaPolicy kPolicy{.life = hours(100), .replace_after = hours(60), .overlap = hours(10), .server_life = hours(5)};

std::optional<CaState> next_of(const std::optional<CaState>& state, base::WallTime now) {
  auto next = advance(state, kPolicy, now);
  EXPECT_TRUE(next) << next.error().message;
  return next ? *next : std::nullopt;
}

TEST(CaRotation, ACaIsMadeWhereThereIsNone) {
  const auto made = next_of(std::nullopt, kStart);
  ASSERT_TRUE(made);
  EXPECT_FALSE(made->next);
  EXPECT_EQ(made->bundle(), made->current.certificate_pem);
  EXPECT_FALSE(next_of(made, kStart));
  EXPECT_FALSE(next_of(made, kStart + hours(59)));
}

TEST(CaRotation, TheOldAndTheNewAreTrustedTogether) {
  const auto first = next_of(std::nullopt, kStart);
  ASSERT_TRUE(first);
  // The next one is trusted before it signs ...
  const auto both = next_of(first, kStart + hours(60));
  ASSERT_TRUE(both && both->next);
  EXPECT_EQ(both->current.certificate_pem, first->current.certificate_pem);
  EXPECT_EQ(base::check_ca_bundle(both->bundle()).value_or(0), 2u);
  EXPECT_FALSE(next_of(both, kStart + hours(69)));
  // ... then it signs, and the first is trusted still ...
  const auto second = next_of(both, kStart + hours(70));
  ASSERT_TRUE(second);
  EXPECT_EQ(second->current.certificate_pem, both->next->certificate_pem);
  EXPECT_FALSE(second->next);
  EXPECT_EQ(second->previous_pem, first->current.certificate_pem);
  EXPECT_EQ(base::check_ca_bundle(second->bundle()).value_or(0), 2u);
  EXPECT_FALSE(next_of(second, kStart + hours(79)));
  // ... and then not any more.
  const auto alone = next_of(second, kStart + hours(80));
  ASSERT_TRUE(alone);
  EXPECT_EQ(alone->bundle(), second->current.certificate_pem);
  EXPECT_FALSE(next_of(alone, kStart + hours(119)));
  EXPECT_TRUE(next_of(alone, kStart + hours(120))->next);
}

TEST(CaRotation, WhatIsOutOfTimeOrDamagedIsReplacedAtOnce) {
  const auto first = next_of(std::nullopt, kStart);
  ASSERT_TRUE(first);
  const auto late = next_of(first, kStart + hours(100));
  ASSERT_TRUE(late);
  EXPECT_NE(late->current.certificate_pem, first->current.certificate_pem);
  CaState damaged = *first;
  damaged.current.key_pem = late->current.key_pem;
  EXPECT_TRUE(next_of(damaged, kStart));
  damaged = *first;
  damaged.next = base::IssuedCertificate{"x", "y"};
  const auto mended = next_of(damaged, kStart);
  ASSERT_TRUE(mended);
  EXPECT_FALSE(mended->next);
  EXPECT_EQ(mended->current.certificate_pem, first->current.certificate_pem);
}

TEST(CaRotation, TheSecretHoldsItAll) {
  const auto first = next_of(std::nullopt, kStart);
  ASSERT_TRUE(first);
  CaState state = *first;
  state.next = next_of(std::nullopt, kStart)->current;
  state.previous_pem = next_of(std::nullopt, kStart)->current.certificate_pem;
  const auto read = from_data(to_data(state));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->bundle(), state.bundle());
  EXPECT_EQ(read->current.key_pem, state.current.key_pem);
  EXPECT_EQ(read->next->key_pem, state.next->key_pem);
  EXPECT_FALSE(from_data(base::Value(base::Value::Object{})));
  base::Value data = to_data(*first);
  data.add("previous.crt", "garbage");
  EXPECT_EQ(from_data(data)->previous_pem, "");
}

}  // namespace
}  // namespace cardea::cluster
