// SPDX-License-Identifier: Apache-2.0
#include "http/forwarded.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace cardea::http {
namespace {

// "for|host|proto" of each element, or "malformed" at the end.
std::vector<std::string> read(std::string_view value) {
  TextArena arena;
  ForwardedElements elements(value, arena);
  std::vector<std::string> texts;
  while (const auto element = elements.next()) {
    texts.push_back(std::string(element->for_node) + "|" + std::string(element->host) + "|" + std::string(element->proto));
  }
  if (elements.malformed()) texts.push_back("malformed");
  return texts;
}

TEST(Forwarded, ReadsElementsFromLeftToRight) {
  using Texts = std::vector<std::string>;
  EXPECT_EQ(read(""), Texts{});
  EXPECT_EQ(read("for=192.0.2.43"), Texts{"192.0.2.43||"});
  EXPECT_EQ(read("For=\"[2001:db8:cafe::17]:4711\""), Texts{"[2001:db8:cafe::17]:4711||"});
  EXPECT_EQ(read("for=192.0.2.60;proto=http;by=203.0.113.43"), Texts{"192.0.2.60||http"});
  EXPECT_EQ(read("for=a, for=b;host=\"x\\\"y\" ,for=_c;;proto=https;"), (Texts{"a||", "b|x\"y|", "_c||https"}));
  EXPECT_EQ(read(" , ,for=a,,"), Texts{"a||"});
  EXPECT_EQ(read("for=\"a,for=b\""), Texts{"a,for=b||"});
}

TEST(Forwarded, KnowsWhatIsMalformed) {
  for (const char* value : {"for", "for=", "=a", "for=\"a", "for=\"a\\", "for=a b", "for =a", "for= a", "for=[::1]", "for=a:1"}) {
    EXPECT_EQ(read(value).back(), "malformed") << value;
  }
  EXPECT_EQ(read("for=a,for"), (std::vector<std::string>{"a||", "malformed"}));
}

TEST(Forwarded, AddressesOfNodes) {
  const auto address = [](std::string_view node) {
    const auto found = node_address(node);
    return found ? base::to_string(*found) : "none";
  };
  EXPECT_EQ(address("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(address("192.0.2.1:80"), "192.0.2.1");
  EXPECT_EQ(address("2001:DB8::1"), "2001:db8::1");
  EXPECT_EQ(address("[2001:db8::1]"), "2001:db8::1");
  EXPECT_EQ(address("[2001:db8::1]:80"), "2001:db8::1");
  EXPECT_EQ(address("::ffff:192.0.2.1"), "192.0.2.1");
  for (const char* node : {"", "unknown", "_hidden", "[192.0.2.1]", "[::1", "[::1]x", "300.0.0.1", "a.example", ":80"}) {
    EXPECT_EQ(address(node), "none") << node;
  }
}

TEST(Forwarded, QuotesWhatIsNoToken) {
  TextArena arena;
  EXPECT_EQ(forwarded_value("shop.example.com", arena), "shop.example.com");
  EXPECT_EQ(forwarded_value("shop.example.com:8080", arena), "\"shop.example.com:8080\"");
  EXPECT_EQ(forwarded_value("a\"b\\", arena), "\"a\\\"b\\\\\"");
  EXPECT_EQ(forwarded_value("", arena), "\"\"");
  EXPECT_EQ(forwarded_node("192.0.2.1", arena), "192.0.2.1");
  EXPECT_EQ(forwarded_node("2001:db8::1", arena), "\"[2001:db8::1]\"");
}

}  // namespace
}  // namespace cardea::http
