// SPDX-License-Identifier: Apache-2.0
#include "api/selector_text.h"

#include <gtest/gtest.h>

namespace cardea::api {
namespace {

bool matches(std::string_view selector, const StringMap& labels) {
  const auto parsed = parse_selector(selector);
  EXPECT_TRUE(parsed) << selector;
  return parsed && parsed->matches(labels);
}

TEST(SelectorText, MeansWhatKubectlMeansByIt) {
  const StringMap labels{{"team", "shop"}, {"example.com/tier", "front"}};
  for (const std::string_view yes : {"team=shop", "team==shop", "team", "!other", "team!=x", "other!=x", "team in (a, shop)",
                                     "team notin (a,b)", "team=shop,example.com/tier=front", "team in (shop),!other"}) {
    EXPECT_TRUE(matches(yes, labels)) << yes;
  }
  for (const std::string_view no : {"team=x", "other", "!team", "team!=shop", "team in (a,b)", "team notin (shop)", "team=shop,other"}) {
    EXPECT_FALSE(matches(no, labels)) << no;
  }
}

TEST(SelectorText, WhatIsNoneIsRefused) {
  for (const std::string_view bad : {"", "a=b,", "=b", "!", "a in b", "a is (b)", "(b)", "a=b c", "a b"}) {
    EXPECT_FALSE(parse_selector(bad)) << bad;
  }
}

}  // namespace
}  // namespace cardea::api
