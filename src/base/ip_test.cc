// SPDX-License-Identifier: Apache-2.0
#include "base/ip.h"

#include <gtest/gtest.h>

namespace cardea::base {
namespace {

TEST(Ip, ReadsAndPrints) {
  struct Case {
    std::string_view text;
    std::string_view printed;
  };
  for (const auto& [text, printed] : std::initializer_list<Case>{
           {"192.0.2.1", "192.0.2.1"},
           {"0.0.0.0", "0.0.0.0"},
           {"::", "::"},
           {"::1", "::1"},
           {"2001:DB8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
           {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
           {"::ffff:192.0.2.1", "::ffff:192.0.2.1"},
           {"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
       }) {
    const auto address = parse_ip(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(to_string(*address), printed);
    EXPECT_EQ(address->is_v6(), text.find(':') != std::string_view::npos);
  }
}

TEST(Ip, RefusesWhatIsNone) {
  for (const std::string_view text : {"", "1", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "1.2.3.4 ", " 1.2.3.4",
                                      "0x7f.0.0.1", "[::1]", ":::", "::1%lo", "1::2::3", "12345::", "localhost",
                                      "1.2.3.4:80", "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.2555"}) {
    EXPECT_FALSE(parse_ip(text)) << text;
  }
  EXPECT_FALSE(parse_ip(std::string_view("1.2.3.4\0", 8)));
}

TEST(Ip, KnowsSpecialAddresses) {
  EXPECT_TRUE(parse_ip("0.0.0.0")->is_unspecified());
  EXPECT_TRUE(parse_ip("::")->is_unspecified());
  EXPECT_FALSE(parse_ip("::1")->is_unspecified());
  EXPECT_TRUE(parse_ip("127.1.2.3")->is_loopback());
  EXPECT_TRUE(parse_ip("::1")->is_loopback());
  EXPECT_FALSE(parse_ip("128.0.0.1")->is_loopback());
  EXPECT_FALSE(parse_ip("2001::1")->is_loopback());
  EXPECT_NE(*parse_ip("0.0.0.0"), *parse_ip("::"));
}

TEST(Ip, ReadsPorts) {
  for (const std::string_view text : {"127.0.0.1:80", "[::1]:65535", "0.0.0.0:0"}) {
    const auto endpoint = parse_ip_port(text);
    ASSERT_TRUE(endpoint) << text;
    EXPECT_EQ(to_string(*endpoint), text);
  }
  for (const std::string_view text : {"", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "::1:80",
                                      "[127.0.0.1]:80", "[::1]", ":80", "localhost:80"}) {
    const auto endpoint = parse_ip_port(text);
    ASSERT_FALSE(endpoint) << text;
    EXPECT_NE(endpoint.error().message.find(text), std::string::npos);
  }
}

}  // namespace
}  // namespace cardea::base
