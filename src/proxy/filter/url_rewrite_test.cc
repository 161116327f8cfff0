// SPDX-License-Identifier: Apache-2.0
#include "proxy/filter/url_rewrite.h"

#include <gtest/gtest.h>

namespace cardea::proxy {
namespace {

struct Rewritten {
  http::RequestHead head;
  http::TextArena arena;

  Rewritten() {
    head.authority = "shop.test:8080";
    head.host = "shop.test";
    head.path = "/foo/bar";
    head.query = "a=1";
    head.has_query = true;
  }
};

TEST(UrlRewrite, HostnameChangesWhatIsForwardedAsHost) {
  Rewritten r;
  const plan::UrlRewrite filter{.hostname = "inner.test", .path = {}};
  apply_url_rewrite(filter, r.head, r.arena);
  EXPECT_EQ(r.head.authority, "inner.test");
  EXPECT_EQ(r.head.path, "/foo/bar");
}

TEST(UrlRewrite, PathAloneLeavesHostAndQuery) {
  Rewritten r;
  const plan::UrlRewrite filter{.hostname = {}, .path = plan::ReplacePrefixMatch{"/foo", "/xyz"}};
  apply_url_rewrite(filter, r.head, r.arena);
  EXPECT_EQ(r.head.authority, "shop.test:8080");
  EXPECT_EQ(r.head.path, "/xyz/bar");
  EXPECT_EQ(r.head.query, "a=1");
  EXPECT_TRUE(r.head.has_query);
}

TEST(UrlRewrite, Both) {
  Rewritten r;
  const plan::UrlRewrite filter{.hostname = "inner.test", .path = plan::ReplaceFullPath{"/one"}};
  apply_url_rewrite(filter, r.head, r.arena);
  EXPECT_EQ(r.head.authority, "inner.test");
  EXPECT_EQ(r.head.path, "/one");
}

TEST(UrlRewrite, Checks) {
  EXPECT_TRUE(check_url_rewrite({.hostname = "inner.test", .path = {}}));
  EXPECT_FALSE(check_url_rewrite({.hostname = "in ner", .path = {}}));
  EXPECT_FALSE(check_url_rewrite({.hostname = "inner.test\r\nX: y", .path = {}}));
  EXPECT_FALSE(check_url_rewrite({.hostname = {}, .path = plan::ReplaceFullPath{"/.."}}));
}

}  // namespace
}  // namespace cardea::proxy
