// SPDX-License-Identifier: Apache-2.0
#include "proxy/filter/path_modifier.h"

#include <gtest/gtest.h>

#include <string>

namespace cardea::proxy {
namespace {

std::string prefix(std::string path, std::string match, std::string value) {
  http::TextArena arena;
  return std::string(modified_path(plan::ReplacePrefixMatch{std::move(match), std::move(value)}, path, arena));
}
std::string full(std::string path, std::string value) {
  http::TextArena arena;
  return std::string(modified_path(plan::ReplaceFullPath{std::move(value)}, path, arena));
}

// Facts, 6.6, row by row.
TEST(ReplacePrefixMatch, TheTableOfTheSpec) {
  for (const char* match : {"/foo", "/foo/"}) {
    EXPECT_EQ(prefix("/foo/bar", match, "/xyz"), "/xyz/bar");
    EXPECT_EQ(prefix("/foo/bar", match, "/xyz/"), "/xyz/bar");
    EXPECT_EQ(prefix("/foo", match, "/xyz"), "/xyz");
    EXPECT_EQ(prefix("/foo/", match, "/xyz"), "/xyz/");
    EXPECT_EQ(prefix("/foo/", match, "/xyz/"), "/xyz/");
    EXPECT_EQ(prefix("/foo/bar", match, ""), "/bar");
    EXPECT_EQ(prefix("/foo/bar", match, "/"), "/bar");
    EXPECT_EQ(prefix("/foo/", match, ""), "/");
    EXPECT_EQ(prefix("/foo", match, ""), "/");
    EXPECT_EQ(prefix("/foo/", match, "/"), "/");
    EXPECT_EQ(prefix("/foo", match, "/"), "/");
  }
}

TEST(ReplacePrefixMatch, OfTheRoot) {
  EXPECT_EQ(prefix("/", "/", "/xyz"), "/xyz/");
  EXPECT_EQ(prefix("/a/b", "/", "/xyz"), "/xyz/a/b");
  EXPECT_EQ(prefix("/a/b", "/", "/xyz/"), "/xyz/a/b");
  EXPECT_EQ(prefix("/a/b", "/", "/"), "/a/b");
}

TEST(ReplacePrefixMatch, APathWithoutThePrefixStays) {
  EXPECT_EQ(prefix("/other", "/foo", "/xyz"), "/other");
  EXPECT_EQ(prefix("/food", "/foo", "/xyz"), "/food");
  EXPECT_EQ(prefix("*", "/", "/xyz"), "*");
}

TEST(ReplaceFullPath, TakesTheWholePath) {
  EXPECT_EQ(full("/a/b", "/new"), "/new");
  EXPECT_EQ(full("/a/b", "/new/"), "/new/");
  EXPECT_EQ(full("/a/b", "/"), "/");
  EXPECT_EQ(full("/a/b", ""), "/");
  EXPECT_EQ(full("/a/b", "new"), "/new");
}

TEST(PathModifier, WhatComesOutIsAlwaysANormalPath) {
  EXPECT_EQ(full("/", "//evil.test/x"), "/evil.test/x");
  EXPECT_EQ(full("/", "/a/../b/./c"), "/b/c");
  EXPECT_EQ(full("/", "/two words"), "/two%20words");
  EXPECT_EQ(full("/", "/gr\xc3\xbc\xc3\x9f"), "/gr%C3%BC%C3%9F");
  EXPECT_EQ(full("/", "/a?b#c"), "/a%3Fb%23c");
  EXPECT_EQ(full("/", "/line\r\nbreak"), "/line%0D%0Abreak");
  EXPECT_EQ(full("/", "/100%"), "/100%25");
  EXPECT_EQ(full("/", "/a%20b%7e"), "/a%20b~");
  EXPECT_EQ(prefix("/foo/a%20b", "/foo", "/x y"), "/x%20y/a%20b");
  EXPECT_EQ(prefix("/foo/bar", "/foo", "//"), "/bar");
}

TEST(PathModifier, WithoutOneThePathStays) {
  http::TextArena arena;
  const std::string path = "/a";
  EXPECT_EQ(modified_path(plan::PathModifier(), path, arena).data(), path.data());
}

TEST(PathModifier, ChecksItsOwnText) {
  EXPECT_TRUE(check_path_modifier(plan::PathModifier()));
  EXPECT_TRUE(check_path_modifier(plan::ReplaceFullPath{"/two words"}));
  EXPECT_TRUE(check_path_modifier(plan::ReplacePrefixMatch{"/foo", ""}));
  EXPECT_FALSE(check_path_modifier(plan::ReplaceFullPath{"/a/../../b"}));
  EXPECT_FALSE(check_path_modifier(plan::ReplacePrefixMatch{"/foo", "/../b"}));
}

}  // namespace
}  // namespace cardea::proxy
