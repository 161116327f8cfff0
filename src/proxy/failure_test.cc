// SPDX-License-Identifier: Apache-2.0
#include "proxy/failure.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace cardea::proxy {
namespace {

Reason reason_at(std::size_t i) { return static_cast<Reason>(i); }

TEST(Failure, TheTableStandsInTheOrderOfTheReasons) {
  for (std::size_t i = 0; i < kReasons; ++i) EXPECT_EQ(describe(reason_at(i)).reason, reason_at(i)) << i;
}

TEST(Failure, EveryNameIsUniqueAndFitsALabel) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < kReasons; ++i) {
    const auto name = name_of(reason_at(i));
    EXPECT_TRUE(names.insert(name).second) << name;
    EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"), std::string_view::npos) << name;
  }
}

TEST(Failure, WhoGetsAnAnswerGetsASentence) {
  for (std::size_t i = 1; i < kReasons; ++i) {
    const auto& info = describe(reason_at(i));
    EXPECT_NE(info.side, Side::None) << info.name;
    EXPECT_EQ(info.status == 0, info.message.empty()) << info.name;
    if (info.status == 0) {
      // Denied: the answer is the authorization service's, and the connection goes on.
      EXPECT_EQ(info.close, info.reason != Reason::AuthDenied) << info.name;
      continue;
    }
    EXPECT_GE(info.status, 400) << info.name;
    EXPECT_LT(info.status, 600) << info.name;
    EXPECT_EQ(info.message.back(), '.') << info.name;
  }
}

TEST(Failure, WhatTheSpecFixes) {
  EXPECT_EQ(describe(Reason::NoListener).status, 404);
  EXPECT_EQ(describe(Reason::NoRoute).status, 404);
  EXPECT_EQ(describe(Reason::Misdirected).status, 421);
  EXPECT_EQ(describe(Reason::NoBackends).status, 500);
  EXPECT_EQ(describe(Reason::BackendInvalid).status, 500);
  EXPECT_EQ(describe(Reason::UnresolvedFilter).status, 500);
  EXPECT_EQ(describe(Reason::NoEndpoints).status, 503);
  EXPECT_EQ(describe(Reason::RequestTimeout).status, 504);
  EXPECT_EQ(describe(Reason::BackendTimeout).status, 504);
  EXPECT_EQ(describe(Reason::BackendMalformed).status, 502);
}

TEST(Failure, AClientsFramingErrorEndsItsConnection) {
  for (const Reason reason : {Reason::MalformedRequest, Reason::HeadTooLarge, Reason::TargetTooLong,
                              Reason::BodyTooLarge, Reason::RequestHeadTimeout, Reason::RequestBodyTimeout}) {
    EXPECT_TRUE(describe(reason).close) << name_of(reason);
    EXPECT_EQ(describe(reason).side, Side::Client) << name_of(reason);
  }
}

}  // namespace
}  // namespace cardea::proxy
