// SPDX-License-Identifier: Apache-2.0
#include "base/ip.h"

#include <gtest/gtest.h>

#include <vector>

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

TEST(IpRange, HoldsWhatBeginsWithItsBits) {
  struct Row {
    const char* range;
    std::vector<const char*> inside;
    std::vector<const char*> outside;
  };
  const Row rows[] = {
      {"10.0.0.0/8", {"10.0.0.0", "10.255.255.255", "::ffff:10.1.2.3"}, {"11.0.0.0", "9.255.255.255", "::a00:1"}},
      {"192.0.2.128/25", {"192.0.2.128", "192.0.2.255"}, {"192.0.2.127", "192.0.3.128"}},
      {"192.0.2.7", {"192.0.2.7"}, {"192.0.2.6"}},
      {"0.0.0.0/0", {"255.255.255.255"}, {"::1"}},
      {"2001:db8::/33", {"2001:db8:7fff::1"}, {"2001:db8:8000::1", "10.0.0.1"}},
      {"::1", {"::1"}, {"::2", "::"}},
      {"::/0", {"2001:db8::"}, {"10.0.0.1", "::ffff:10.0.0.1"}},
  };
  for (const Row& row : rows) {
    const auto range = parse_ip_range(row.range);
    ASSERT_TRUE(range) << row.range;
    for (const char* text : row.inside) EXPECT_TRUE(range->contains(*parse_ip(text))) << row.range << " " << text;
    for (const char* text : row.outside) EXPECT_FALSE(range->contains(*parse_ip(text))) << row.range << " " << text;
  }
}

TEST(IpRange, RefusesWhatIsNone) {
  for (const char* text : {"", "10.0.0.0/33", "10.0.0.0/", "10.0.0/8", "::/129", "a/8", "10.0.0.0/-1", "10.0.0.0/8/8"}) {
    EXPECT_FALSE(parse_ip_range(text)) << text;
  }
  EXPECT_EQ(to_string(*parse_ip_range("2001:DB8::/32")), "2001:db8::/32");
  EXPECT_EQ(to_string(*parse_ip_range("10.1.2.3")), "10.1.2.3/32");
}

}  // namespace
}  // namespace cardea::base
