// SPDX-License-Identifier: Apache-2.0
// What stands on the wire, written by hand: that the fields are the protocol's is what tests/interop shows with its own types.
#include "proxy/check_message.h"

#include <gtest/gtest.h>

namespace cardea::proxy {
namespace {

using namespace std::string_literals;

std::string field(int number, const std::string& content) {
  return std::string{static_cast<char>(number << 3 | 2), static_cast<char>(content.size())} + content;
}
std::string count(int number, int value) { return {static_cast<char>(number << 3), static_cast<char>(value)}; }
std::string header(const std::string& name, const std::string& value, const std::string& options = {}) {
  return field(1, field(1, name) + field(2, value)) + options;
}

TEST(CheckMessage, AnEmptyAnswerIsOneWhoseStatusIsOk) {
  const auto verdict = read_check("");
  ASSERT_TRUE(verdict);
  EXPECT_TRUE(verdict->allowed);
}

TEST(CheckMessage, WhatAllowsMayChangeTheRequest) {
  using Action = AuthHeader::Action;
  const auto verdict = read_check(field(1, "") + field(3, field(2, header("a", "1")) + field(2, header("b", "2", field(2, count(1, 1)))) +
                                                              field(2, header("c", "3", count(3, 1))) + field(2, header("d", "4", count(3, 3))) +
                                                              field(5, "x") + field(6, header("e", "5")) + field(3, "metadata")));
  ASSERT_TRUE(verdict);
  EXPECT_TRUE(verdict->allowed);
  ASSERT_EQ(verdict->headers.size(), 4u);
  const Action actions[] = {Action::Set, Action::Append, Action::AddIfAbsent, Action::SetIfPresent};
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(verdict->headers[i].action, actions[i]) << i;
  EXPECT_EQ(verdict->headers[1].value, "2");
  EXPECT_EQ(verdict->remove, std::vector<std::string>{"x"});
  ASSERT_EQ(verdict->response_headers.size(), 1u);
  EXPECT_EQ(verdict->response_headers[0].name, "e");
}

TEST(CheckMessage, WhatDeniesMayAnswer) {
  const auto plain = read_check(field(1, count(1, 7)));
  ASSERT_TRUE(plain);
  EXPECT_FALSE(plain->allowed);
  EXPECT_EQ(plain->status, 403);
  // 401 takes two bytes as a number of variable length.
  const auto own = read_check(field(1, count(1, 7)) + field(2, field(1, "\x08\x91\x03"s) + field(2, header("a", "1")) + field(3, "no")));
  ASSERT_TRUE(own);
  EXPECT_EQ(own->status, 401);
  EXPECT_EQ(own->body, "no");
  EXPECT_EQ(own->headers.size(), 1u);
  // A code that is no status.
  EXPECT_EQ(read_check(field(1, count(1, 7)) + field(2, field(1, count(1, 99))))->status, 403);
  // What allows stands there too: the status decides.
  EXPECT_FALSE(read_check(field(1, count(1, 7)) + field(3, field(2, header("a", "1"))))->allowed);
}

TEST(CheckMessage, AStatusInPiecesIsOne) {
  EXPECT_FALSE(read_check(field(1, count(1, 7)) + field(1, ""))->allowed);
  EXPECT_FALSE(read_check(field(1, "") + field(1, count(1, 7)) + field(1, field(2, "message")))->allowed);
}

TEST(CheckMessage, BlanksAroundAValueAreNotOfIt) {
  EXPECT_EQ(read_check(field(3, field(2, header("a", " 1\t"))))->headers[0].value, "1");
}

TEST(CheckMessage, WhatIsNone) {
  for (const std::string& bytes : {"\x0a"s, "\x0a\x05zz"s, "\x07"s, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"s, field(1, "\x08"s), field(3, "\x12\x7f"s)}) {
    EXPECT_FALSE(read_check(bytes)) << testing::PrintToString(bytes);
  }
  // Nor is what decides under another type, as in a question that somebody sends back.
  EXPECT_FALSE(read_check(count(1, 1)));
  EXPECT_FALSE(read_check(field(1, field(1, "peer"))));
  EXPECT_FALSE(read_check(write_check(CheckRequest())));
  // Any other field under another type is an unknown one.
  EXPECT_TRUE(read_check(field(3, count(2, 5) + count(5, 1))));
}

TEST(CheckMessage, TextThatIsNoUtf8StaysReadable) {
  CheckRequest request;
  request.headers = {{"x", "a\xff" "b"}};
  request.body = "\xfe";
  const std::string bytes = write_check(request);
  EXPECT_NE(bytes.find("a!b"), std::string::npos);
  EXPECT_NE(bytes.find("\x62\x01\xfe"), std::string::npos);  // field 12, raw_body
}

}  // namespace
}  // namespace cardea::proxy
