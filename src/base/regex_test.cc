// SPDX-License-Identifier: Apache-2.0
#include "base/regex.h"

#include <gtest/gtest.h>

namespace cardea::base {
namespace {

TEST(Regex, MatchesTheWholeText) {
  const auto regex = Regex::compile("/v[0-9]+/.*");
  ASSERT_TRUE(regex);
  EXPECT_TRUE(regex->full_match("/v12/x"));
  EXPECT_FALSE(regex->full_match("x/v12/x"));
  EXPECT_FALSE(regex->full_match("/v/x"));
  EXPECT_EQ(regex->pattern(), "/v[0-9]+/.*");
  EXPECT_FALSE(Regex::compile("a|bc")->full_match("abc"));
}

TEST(Regex, TakesAnyBytes) {
  EXPECT_TRUE(
      Regex::compile("a.b")->full_match("a\xFF"
                                        "b"));
  EXPECT_TRUE(Regex::compile(".*\xC3\xA9")->full_match("caf\xC3\xA9"));
}

TEST(Regex, RefusesWhatRe2CannotDo) {
  for (const char* pattern : {"(", "[a", "a**b", "(?=x)", "\\1", "(?P<n", "a{1001}", "\\"}) {
    const auto checked = check_regex(pattern);
    ASSERT_FALSE(checked) << pattern;
    EXPECT_FALSE(checked.error().message.empty());
  }
  EXPECT_TRUE(check_regex(""));
  EXPECT_TRUE(check_regex("(?i)abc"));
}

TEST(Regex, BoundsTheProgram) {
  std::string large;
  for (int i = 0; i < 100; ++i) large += "(?:[a-f0-9]{500}x){2}|";
  const auto checked = check_regex(large);
  ASSERT_FALSE(checked);
  EXPECT_NE(checked.error().message.find("too large"), std::string::npos);
}

TEST(Regex, MatchesInLinearTime) {
  const auto regex = Regex::compile("(a*)*(a*)*(a|aa)+b");
  ASSERT_TRUE(regex);
  EXPECT_FALSE(regex->full_match(std::string(100000, 'a')));
}

TEST(Regex, QuotedTextMatchesItselfAlone) {
  const auto regex = Regex::compile(quote_regex("a.b(c)|\\d*"));
  ASSERT_TRUE(regex);
  EXPECT_TRUE(regex->full_match("a.b(c)|\\d*"));
  EXPECT_FALSE(regex->full_match("aXb(c)|\\d*"));
}

}  // namespace
}  // namespace cardea::base
