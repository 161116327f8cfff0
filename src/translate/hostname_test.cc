// SPDX-License-Identifier: Apache-2.0
#include "translate/hostname.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace cardea::translate {
namespace {

using Names = std::vector<std::string>;

TEST(Hostname, IntersectionIsSymmetricAndTakesTheNarrower) {
  struct Case {
    const char* a;
    const char* b;
    std::optional<std::string> both;
  };
  const Case cases[] = {
      {"", "", ""},
      {"", "a.example.com", "a.example.com"},
      {"", "*.example.com", "*.example.com"},
      {"a.example.com", "a.example.com", "a.example.com"},
      {"a.example.com", "b.example.com", std::nullopt},
      {"*.example.com", "a.example.com", "a.example.com"},
      {"*.example.com", "a.b.example.com", "a.b.example.com"},
      {"*.example.com", "example.com", std::nullopt},
      {"*.example.com", "badexample.com", std::nullopt},
      {"*.example.com", "*.example.com", "*.example.com"},
      {"*.example.com", "*.b.example.com", "*.b.example.com"},
      {"*.example.com", "*.com", "*.example.com"},
      {"*.a.example.com", "*.b.example.com", std::nullopt},
      {"*.example.com", "*.badexample.com", std::nullopt},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(intersect(c.a, c.b), c.both) << c.a << " & " << c.b;
    EXPECT_EQ(intersect(c.b, c.a), c.both) << c.b << " & " << c.a;
  }
}

TEST(Hostname, EffectiveIgnoresWhatDoesNotIntersect) {
  EXPECT_EQ(effective_hostnames("*.example.com", {"example.org", "b.example.com", "a.example.com", "A.example.com"}),
            (Names{"a.example.com", "b.example.com"}));
  EXPECT_EQ(effective_hostnames("*.example.com", {}), Names{"*.example.com"});
  EXPECT_EQ(effective_hostnames("", {}), Names{""});
  EXPECT_EQ(effective_hostnames("foo.example.com", {"*.example.com"}), Names{"foo.example.com"});
  EXPECT_TRUE(effective_hostnames("foo.example.com", {"bar.example.com"}).empty());
}

TEST(Hostname, SpecificityPutsExactBeforeWildcardAndLongBeforeShort) {
  Names names = {"", "*.com", "a.com", "*.a.com", "b.a.com", "*.b.a.com", "aa.com"};
  std::ranges::sort(names, more_specific);
  EXPECT_EQ(names, (Names{"b.a.com", "aa.com", "a.com", "*.b.a.com", "*.a.com", "*.com", ""}));
}

}  // namespace
}  // namespace cardea::translate
