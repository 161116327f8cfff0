// SPDX-License-Identifier: Apache-2.0
#include "proxy/host_index.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "proxy/random.h"

namespace cardea::proxy {
namespace {

std::vector<std::string_view> views(const std::vector<std::string>& texts) { return {texts.begin(), texts.end()}; }

std::vector<std::uint32_t> found_in(const HostIndex& index, std::string_view host) {
  HostIndex::Found found;
  index.find(host, found);
  EXPECT_EQ(index.best(host), found.count ? found.positions[0] : HostIndex::kNone);
  return {found.begin(), found.end()};
}

using Positions = std::vector<std::uint32_t>;

TEST(HostIndex, ExactBeforeWildcardsFromTheLongestBeforeAny) {
  const std::vector<std::string> names = {"", "*.example.com", "a.b.example.com", "*.b.example.com", "*.com"};
  const HostIndex index(views(names));
  EXPECT_EQ(found_in(index, "a.b.example.com"), (Positions{2, 3, 1, 4, 0}));
  EXPECT_EQ(found_in(index, "x.b.example.com"), (Positions{3, 1, 4, 0}));
  EXPECT_EQ(found_in(index, "b.example.com"), (Positions{1, 4, 0}));
  EXPECT_EQ(found_in(index, "example.com"), (Positions{4, 0}));
  EXPECT_EQ(found_in(index, "com"), (Positions{0}));
  EXPECT_EQ(found_in(index, "example.org"), (Positions{0}));
}

TEST(HostIndex, AWildcardTakesSeveralLabelsButNotNone) {
  const std::vector<std::string> names = {"*.example.com"};
  const HostIndex index(views(names));
  EXPECT_EQ(index.best("a.example.com"), 0u);
  EXPECT_EQ(index.best("a.b.c.example.com"), 0u);
  EXPECT_EQ(index.best("example.com"), HostIndex::kNone);
  EXPECT_EQ(index.best("aexample.com"), HostIndex::kNone);
}

TEST(HostIndex, AnAddressFitsTheEmptyHostnameAlone) {
  const std::vector<std::string> names = {"*.0.0.1", "127.0.0.1", ""};
  const HostIndex index(views(names));
  EXPECT_EQ(found_in(index, "127.0.0.1"), (Positions{2}));
  EXPECT_EQ(found_in(index, "[::1]"), (Positions{2}));
  EXPECT_EQ(found_in(index, ""), (Positions{2}));
}

TEST(HostIndex, OfEqualHostnamesTheFirstCounts) {
  const std::vector<std::string> names = {"a.test", "a.test", "*.test", "*.test", "", ""};
  const HostIndex index(views(names));
  EXPECT_EQ(found_in(index, "a.test"), (Positions{0, 2, 4}));
}

TEST(HostIndex, FindsAHostnameByItself) {
  const std::vector<std::string> names = {"a.test", "*.test", ""};
  const HostIndex index(views(names));
  for (std::uint32_t i = 0; i < names.size(); ++i) EXPECT_EQ(index.position(names[i]), i);
  EXPECT_EQ(index.position("*.a.test"), HostIndex::kNone);
  EXPECT_EQ(index.position("test"), HostIndex::kNone);
}

TEST(HostIndex, NothingInANoneIndex) {
  EXPECT_EQ(HostIndex().best("a.test"), HostIndex::kNone);
  EXPECT_EQ(HostIndex(std::vector<std::string_view>{}).best("a.test"), HostIndex::kNone);
}

TEST(HostIndex, SurvivesHostsOfAnyShape) {
  const std::vector<std::string> names = {"*.a", "a.a"};
  const HostIndex index(views(names));
  std::string dots(600, '.');
  EXPECT_EQ(index.best(dots), HostIndex::kNone);
  std::string many;
  for (int i = 0; i < 300; ++i) many += "b.";
  EXPECT_EQ(index.best(many + "a"), 0u);
}

// Straight from the rules of facts 6.8.
bool fits(std::string_view hostname, std::string_view host) {
  if (hostname.empty()) return true;
  if (!hostname.starts_with("*.")) return hostname == host;
  return host.size() > hostname.size() - 1 && host.ends_with(hostname.substr(1));
}
int rank(std::string_view hostname) {
  if (hostname.empty()) return 0;
  return static_cast<int>(hostname.size()) + (hostname.starts_with("*.") ? 0 : 1000);
}

TEST(HostIndex, AgreesWithTheRulesOnRandomNames) {
  Random random(7);
  const auto name = [&] {
    std::string text;
    const std::uint32_t labels = 1 + random.below(4);
    for (std::uint32_t i = 0; i < labels; ++i) {
      if (i) text += '.';
      text += std::string(1 + random.below(2), static_cast<char>('a' + random.below(3)));
    }
    return text;
  };
  for (int round = 0; round < 500; ++round) {
    std::vector<std::string> names;
    for (std::uint32_t i = random.below(30); i > 0; --i) {
      std::string hostname = random.below(10) == 0 ? "" : (random.below(2) ? "*." : "") + name();
      if (std::ranges::find(names, hostname) == names.end()) names.push_back(hostname);
    }
    const HostIndex index(views(names));
    for (int i = 0; i < 30; ++i) {
      const std::string host = name();
      Positions expected;
      for (std::uint32_t n = 0; n < names.size(); ++n) {
        if (fits(names[n], host)) expected.push_back(n);
      }
      std::ranges::sort(expected, [&](auto a, auto b) { return rank(names[a]) > rank(names[b]); });
      ASSERT_EQ(found_in(index, host), expected) << host;
    }
  }
}

}  // namespace
}  // namespace cardea::proxy
