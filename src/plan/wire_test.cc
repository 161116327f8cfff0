// SPDX-License-Identifier: Apache-2.0
#include "plan/wire.h"

#include <gtest/gtest.h>

#include <string>

#include "plan/sample_plan.h"

namespace cardea::plan::wire {
namespace {

template <class Message>
Message through_proxy_line(const Message& message) {
  const std::string line = to_line(message);
  EXPECT_TRUE(line.ends_with('\n'));
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  const auto read = parse_from_proxy(line);
  EXPECT_TRUE(read) << line;
  EXPECT_TRUE(std::holds_alternative<Message>(*read)) << line;
  return std::get<Message>(*read);
}

TEST(Wire, MessagesOfTheProxyComeThrough) {
  const Hello hello{"web-7d4b9c-x2x8z", "0.1.0", "1f"};
  EXPECT_EQ(through_proxy_line(hello), hello);
  Report report;
  EXPECT_EQ(through_proxy_line(report), report);
  report.plan = id_of(*sample_plan());
  report.ready = true;
  report.addresses = {"0.0.0.0", "::"};
  report.bind_failures = {{"0.0.0.0", 80, "Permission denied"}};
  report.refusals = {{"certificate shop/certificate", "it does not \"load\"\n"}};
  EXPECT_EQ(through_proxy_line(report), report);
  const Holding holding{{base::hash128("a"), base::hash128("b")}};
  EXPECT_EQ(through_proxy_line(holding), holding);
  EXPECT_EQ(through_proxy_line(Take{}), Take{});
  EXPECT_EQ(through_proxy_line(Beat{}), Beat{});
}

TEST(Wire, MessagesOfTheControllerComeThrough) {
  const auto welcome = parse_from_controller(to_line(Welcome{"cardea-0", "0.1.0"}));
  ASSERT_TRUE(welcome);
  EXPECT_EQ(std::get<Welcome>(*welcome), (Welcome{"cardea-0", "0.1.0"}));
  const auto beat = parse_from_controller(to_line(Beat{}));
  ASSERT_TRUE(beat);
  EXPECT_TRUE(std::holds_alternative<Beat>(*beat));
}

TEST(Wire, LongListsOfRefusalsAreCut) {
  Report report;
  for (int i = 0; i < 1000; ++i) report.refusals.push_back({"rule " + std::to_string(i), std::string(10'000, 'x')});
  const std::string line = to_line(report);
  EXPECT_LT(line.size(), kMaxProxyLine);
  const auto read = parse_from_proxy(line);
  ASSERT_TRUE(read);
  const auto& refusals = std::get<Report>(*read).refusals;
  ASSERT_EQ(refusals.size(), 101u);
  EXPECT_EQ(refusals.back().reason, "900 more are not listed");
}

// The next version may say more.
TEST(Wire, WhatIsNotKnownIsPassedOver) {
  const auto message = parse_from_proxy(R"({"mood": {"good": true}})");
  ASSERT_TRUE(message);
  EXPECT_TRUE(std::holds_alternative<UnknownMessage>(*message));
  const auto hello = parse_from_proxy(R"({"hello": {"pod": "a", "version": "2", "colour": "red"}, "more": 1})");
  ASSERT_TRUE(hello);
  EXPECT_EQ(std::get<Hello>(*hello), (Hello{"a", "2", ""}));
  const auto report = parse_from_proxy(R"({"report": {"plan": {"routing": 7}, "ready": "yes", "refusals": [1, {"part": "x"}]}})");
  ASSERT_TRUE(report);
  EXPECT_FALSE(std::get<Report>(*report).ready);
  EXPECT_TRUE(std::get<Report>(*report).plan->routing.is_zero());
}

TEST(Wire, WhatIsNoMessageIsRefused) {
  for (const std::string_view line : {"", "{}", "[]", "{\"hello\"", "7", R"({"holding": ["x"]})", R"({"holding": 7})"}) {
    EXPECT_FALSE(parse_from_proxy(line)) << line;
  }
  for (const std::string_view line : {"", "{}", "null"}) EXPECT_FALSE(parse_from_controller(line)) << line;
}

TEST(Wire, VersionsMayDifferByOne) {
  EXPECT_EQ(agree(1, "1").value(), 1u);
  EXPECT_EQ(agree(1, "2").value(), 1u);
  EXPECT_EQ(agree(2, "1").value(), 1u);
  EXPECT_EQ(agree(7, "6").value(), 6u);
  EXPECT_EQ(agree(1, "3").error().message, "one side speaks version 1 of the stream and the other 3: they may differ by one at most");
  EXPECT_FALSE(agree(3, "1"));
  for (const std::string_view text : {"", "0", "-1", "one", "99999999999"}) EXPECT_FALSE(agree(1, text)) << text;
}

}  // namespace
}  // namespace cardea::plan::wire
