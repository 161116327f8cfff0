// SPDX-License-Identifier: Apache-2.0
#include "proxy/session.h"

#include <gtest/gtest.h>

#include <string>

namespace cardea::proxy {
namespace {

TEST(SessionToken, SaysAgainWhatItWasMadeOf) {
  http::TextArena arena;
  for (const SessionToken token : {SessionToken{1, 0}, SessionToken{0xfedcba9876543210, 0}, SessionToken{0x10, 1'795'000'000}}) {
    const std::string_view text = write_token(token, arena);
    EXPECT_EQ(read_token(text), token) << text;
  }
  EXPECT_EQ(write_token({0xab, 0}, arena), "00000000000000ab");
  EXPECT_EQ(write_token({0xab, 0x6afd0000}, arena), "00000000000000ab-6afd0000");
}

TEST(SessionToken, WhatNobodyTold) {
  for (const std::string_view text : {"", "ab", "00000000000000ag", "00000000000000ab-", "00000000000000ab+1", "00000000000000ab-x",
                                      "00000000000000abc", "-0000000000000ab", "00000000000000ab-10000000000000000", "00000000000000ab--1"}) {
    EXPECT_FALSE(read_token(text)) << text;
  }
}

plan::Rule rule(std::string route, std::string name, std::uint32_t index = 0) {
  plan::Rule rule;
  rule.route = {"shop", std::move(route)};
  rule.name = std::move(name);
  rule.index = index;
  return rule;
}

TEST(SessionSalt, DiffersByRuleAndBackend) {
  const std::uint64_t salt = session_salt(rule("cart", "a"), "shop/cart:80");
  EXPECT_NE(salt, session_salt(rule("cart", "b"), "shop/cart:80"));
  EXPECT_NE(salt, session_salt(rule("car", "ta"), "shop/cart:80"));
  EXPECT_NE(salt, session_salt(rule("cart", "a"), "shop/cart:81"));
  plan::Rule grpc = rule("cart", "a");
  grpc.kind = plan::RouteKind::GRPCRoute;
  EXPECT_NE(salt, session_salt(grpc, "shop/cart:80"));
}

TEST(SessionSalt, AnotherPlaceInTheRouteMattersOnlyToARuleWithoutAName) {
  EXPECT_EQ(session_salt(rule("cart", "a", 0), "b"), session_salt(rule("cart", "a", 1), "b"));
  EXPECT_NE(session_salt(rule("cart", "", 0), "b"), session_salt(rule("cart", "", 1), "b"));
}

// Clients keep tokens for longer than any version of this program runs.
TEST(SessionEndpoint, StaysTheSameFromVersionToVersion) {
  EndpointState state;
  state.hash = 0x0123456789abcdef;
  EXPECT_EQ(session_endpoint(session_salt(rule("cart", "a"), "shop/cart:80"), state), 12725820525535417977u);
}

}  // namespace
}  // namespace cardea::proxy
