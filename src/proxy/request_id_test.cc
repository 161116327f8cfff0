// SPDX-License-Identifier: Apache-2.0
#include "proxy/request_id.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace cardea::proxy {
namespace {

TEST(RequestId, AValidOneIsKept) {
  Random random(1);
  RequestIdText text;
  for (const std::string_view id : {"a", "0192f0c1-7c2e-7d1a-9d2e-000000000001",
                                    "Root=1-67891233-abcdef012345678912345678", "trace/1.2_3", "user@host:1+2"}) {
    EXPECT_EQ(request_id(id, random, text), id);
  }
  EXPECT_EQ(request_id(std::string(kMaxRequestId, 'x'), random, text).size(), kMaxRequestId);
}

TEST(RequestId, AnyOtherIsReplaced) {
  Random random(1);
  RequestIdText text;
  const std::string too_long(kMaxRequestId + 1, 'x');
  for (const std::string_view id : {std::string_view(""), std::string_view("two words"), std::string_view("quote\""),
                                    std::string_view("line\nbreak"), std::string_view("\xc3\xbc"),
                                    std::string_view("{json}"), std::string_view(too_long)}) {
    const auto made = request_id(id, random, text);
    EXPECT_EQ(made.size(), 32u) << id;
    EXPECT_EQ(made.find_first_not_of("0123456789abcdef"), std::string_view::npos) << id;
    EXPECT_TRUE(is_valid_request_id(made));
  }
}

TEST(RequestId, EachIsNew) {
  Random random(1), other(2);
  RequestIdText text;
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    EXPECT_TRUE(seen.insert(std::string(make_request_id(random, text))).second);
    EXPECT_TRUE(seen.insert(std::string(make_request_id(other, text))).second);
  }
}

}  // namespace
}  // namespace cardea::proxy
