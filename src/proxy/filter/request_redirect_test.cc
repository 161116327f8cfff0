// SPDX-License-Identifier: Apache-2.0
#include "proxy/filter/request_redirect.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace cardea::proxy {
namespace {

struct Asked {
  http::RequestHead head;

  Asked() {
    head.authority = "shop.test:9999";
    head.host = "shop.test";
    head.port = 9999;
    head.path = "/cart/items";
  }
  std::string location(const plan::RequestRedirect& filter, RedirectOrigin origin = {"http", 80}) const {
    http::TextArena arena;
    return std::string(redirect_location(filter, head, origin, arena));
  }
};

// Facts, 6.5: the filter's port, else the scheme's own, else the listener's; never the Host field's.
TEST(RequestRedirect, SchemeAndPort) {
  struct Row {
    RedirectOrigin origin;
    std::optional<std::string> scheme;
    std::optional<std::uint16_t> port;
    std::string start;
  };
  const RedirectOrigin http80{"http", 80}, http8080{"http", 8080}, https443{"https", 443}, https8443{"https", 8443};
  const std::vector<Row> rows = {
      {http80, {}, {}, "http://shop.test"},
      {http80, {}, 80, "http://shop.test"},
      {http80, {}, 8080, "http://shop.test:8080"},
      {http80, "https", {}, "https://shop.test"},
      {http80, "https", 443, "https://shop.test"},
      {http80, "https", 8443, "https://shop.test:8443"},
      {http80, "https", 80, "https://shop.test:80"},
      {http8080, {}, {}, "http://shop.test:8080"},
      {http8080, {}, 80, "http://shop.test"},
      {http8080, {}, 8080, "http://shop.test:8080"},
      {http8080, "http", {}, "http://shop.test"},
      {http8080, "https", {}, "https://shop.test"},
      {http8080, "https", 443, "https://shop.test"},
      {https443, {}, {}, "https://shop.test"},
      {https443, {}, 443, "https://shop.test"},
      {https443, {}, 8443, "https://shop.test:8443"},
      {https443, "http", {}, "http://shop.test"},
      {https443, "http", 8080, "http://shop.test:8080"},
      {https443, "http", 443, "http://shop.test:443"},
      {https8443, {}, {}, "https://shop.test:8443"},
  };
  const Asked asked;
  for (const auto& row : rows) {
    plan::RequestRedirect filter;
    filter.scheme = row.scheme;
    filter.port = row.port;
    EXPECT_EQ(asked.location(filter, row.origin), row.start + "/cart/items")
        << row.origin.scheme << row.origin.advertised_port << " " << row.scheme.value_or("-") << " "
        << row.port.value_or(0);
  }
}

TEST(RequestRedirect, TheQueryStays) {
  Asked asked;
  asked.head.query = "a=1&b=%20";
  asked.head.has_query = true;
  EXPECT_EQ(asked.location({}), "http://shop.test/cart/items?a=1&b=%20");
  asked.head.query = "";
  EXPECT_EQ(asked.location({}), "http://shop.test/cart/items?");
}

TEST(RequestRedirect, HostAndPath) {
  Asked asked;
  plan::RequestRedirect filter;
  filter.hostname = "example.org";
  EXPECT_EQ(asked.location(filter), "http://example.org/cart/items");
  filter.path = plan::ReplaceFullPath{"/new place"};
  EXPECT_EQ(asked.location(filter), "http://example.org/new%20place");
  filter.path = plan::ReplacePrefixMatch{"/cart", ""};
  EXPECT_EQ(asked.location(filter), "http://example.org/items");
  filter.hostname.reset();
  filter.path = plan::ReplacePrefixMatch{"/cart/items", "//evil.test"};
  EXPECT_EQ(asked.location(filter), "http://shop.test/evil.test");
}

TEST(RequestRedirect, AnIpv6HostKeepsItsBrackets) {
  Asked asked;
  asked.head.host = "[::1]";
  EXPECT_EQ(asked.location({}, {"http", 8080}), "http://[::1]:8080/cart/items");
}

TEST(RequestRedirect, WithoutAnyHostThePathAlone) {
  Asked asked;
  asked.head.host = {};
  EXPECT_EQ(asked.location({}), "/cart/items");
}

TEST(RequestRedirect, Checks) {
  plan::RequestRedirect filter;
  EXPECT_TRUE(check_request_redirect(filter));
  filter.scheme = "javascript";
  EXPECT_FALSE(check_request_redirect(filter));
  filter.scheme = "https";
  filter.hostname = "a b";
  EXPECT_FALSE(check_request_redirect(filter));
  filter.hostname = "example.org";
  EXPECT_TRUE(check_request_redirect(filter));
  filter.status_code = 200;
  EXPECT_FALSE(check_request_redirect(filter));
}

}  // namespace
}  // namespace cardea::proxy
