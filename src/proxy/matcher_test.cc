// SPDX-License-Identifier: Apache-2.0
#include "proxy/matcher.h"

#include <gtest/gtest.h>

#include <string>

#include "proxy/matcher_reference.h"
#include "proxy/random.h"

namespace cardea::proxy {
namespace {

using plan::PathMatchType;
using plan::StringMatchType;
using reference::Request;

constexpr std::uint32_t kNone = Matcher::kNone;

struct Case {
  plan::VirtualHost host;

  plan::RouteMatch& add(PathMatchType type, std::string value) {
    auto& match = host.matches.emplace_back();
    match.path = {type, std::move(value)};
    match.rule = plan::seal(plan::Rule{});
    return match;
  }
  std::uint32_t find(const Request& request) const {
    RegexCache regexes;
    const Matcher matcher(plan::seal(plan::VirtualHost(host)), regexes);
    http::RequestHead head;
    request.fill(head);
    http::TextArena arena;
    return matcher.find(head, arena);
  }
  std::uint32_t find_path(std::string path) const {
    Request request;
    request.path = std::move(path);
    return find(request);
  }
};

TEST(Matcher, ExactIsByteForByte) {
  Case c;
  c.add(PathMatchType::Exact, "/one");
  c.add(PathMatchType::Exact, "/two/");
  EXPECT_EQ(c.find_path("/one"), 0u);
  EXPECT_EQ(c.find_path("/two/"), 1u);
  for (const char* path : {"/", "/one/", "/one/example", "/One", "/two", "/on", "/onee"}) {
    EXPECT_EQ(c.find_path(path), kNone) << path;
  }
}

TEST(Matcher, AGrpcRouteSeesRequestsOfGrpcAlone) {
  Case c;
  plan::Rule rule;
  rule.kind = plan::RouteKind::GRPCRoute;
  c.add(PathMatchType::PathPrefix, "/").rule = plan::seal(rule);
  c.host.matches[0].method = "POST";
  c.add(PathMatchType::PathPrefix, "/");
  Request request;
  request.path = "/shop.Cart/Add";
  EXPECT_EQ(c.find(request), 1u);
  request.headers = {{"content-type", "application/grpc+proto"}};
  EXPECT_EQ(c.find(request), 1u) << "a GET";
  request.method = "POST";
  EXPECT_EQ(c.find(request), 0u);
  request.headers = {{"content-type", "application/json"}};
  EXPECT_EQ(c.find(request), 1u);
}

TEST(Matcher, APreflightIsMatchedAsTheRequestThatItAnnounces) {
  Case c;
  auto& versioned = c.add(PathMatchType::PathPrefix, "/");
  versioned.method = "PUT";
  versioned.headers = {{StringMatchType::Exact, "x-version", "2"}};
  c.add(PathMatchType::PathPrefix, "/").method = "PUT";
  c.add(PathMatchType::PathPrefix, "/").method = "OPTIONS";
  const auto find = [&](Announced announced) {
    RegexCache regexes;
    const Matcher matcher(plan::seal(plan::VirtualHost(c.host)), regexes);
    Request request;
    request.method = "OPTIONS";
    http::RequestHead head;
    request.fill(head);
    http::TextArena arena;
    return matcher.find(head, arena, announced.method_text.empty() ? nullptr : &announced);
  };
  EXPECT_EQ(find({http::Method::Put, "PUT", ""}), 1u);
  EXPECT_EQ(find({http::Method::Put, "PUT", "x-other, X-Version"}), 0u);
  EXPECT_EQ(find({http::Method::Delete, "DELETE", "x-version"}), kNone);
  EXPECT_EQ(find({}), 2u);
}

TEST(Matcher, APrefixIsOfWholeSegments) {
  for (const char* prefix : {"/abc", "/abc/"}) {
    Case c;
    c.add(PathMatchType::PathPrefix, prefix);
    for (const char* path : {"/abc", "/abc/", "/abc/x", "/abc/x/y/"}) EXPECT_EQ(c.find_path(path), 0u) << path;
    for (const char* path : {"/", "/ab", "/abcd", "/abcd/abc", "/x/abc", "/ABC"})
      EXPECT_EQ(c.find_path(path), kNone) << path;
  }
}

TEST(Matcher, TheRootPrefixTakesEveryPathAndOnlyPaths) {
  Case c;
  c.add(PathMatchType::PathPrefix, "/");
  for (const char* path : {"/", "/a", "/a/b/c/d/e/f/"}) EXPECT_EQ(c.find_path(path), 0u) << path;
  EXPECT_EQ(c.find_path("*"), kNone);
  EXPECT_EQ(c.find_path(""), kNone);
}

TEST(Matcher, ARegularExpressionMustMatchTheWholePath) {
  Case c;
  c.add(PathMatchType::RegularExpression, "/v[0-9]+/items");
  EXPECT_EQ(c.find_path("/v12/items"), 0u);
  EXPECT_EQ(c.find_path("/v12/items/1"), kNone);
  EXPECT_EQ(c.find_path("/x/v12/items"), kNone);
}

TEST(Matcher, AnExpressionThatDoesNotCompileMatchesNothingAndIsTold) {
  Case c;
  c.add(PathMatchType::RegularExpression, "(");
  c.add(PathMatchType::PathPrefix, "/").headers.push_back({StringMatchType::RegularExpression, "x-a", "["});
  EXPECT_EQ(c.find_path("("), kNone);
  EXPECT_EQ(c.find_path("/"), kNone);
  RegexCache regexes;
  const Matcher matcher(plan::seal(plan::VirtualHost(c.host)), regexes);
  EXPECT_EQ(matcher.refused_patterns(), (std::vector<std::string>{"(", "["}));
}

TEST(Matcher, ThePlansOrderDecides) {
  Case c;
  c.add(PathMatchType::PathPrefix, "/a");
  c.add(PathMatchType::RegularExpression, "/a/.*");
  c.add(PathMatchType::Exact, "/a/b");
  c.add(PathMatchType::PathPrefix, "/a/b");
  EXPECT_EQ(c.find_path("/a/b"), 0u);
  std::swap(c.host.matches[0], c.host.matches[3]);
  EXPECT_EQ(c.find_path("/a/b"), 0u);
  EXPECT_EQ(c.find_path("/a/c"), 1u);
  std::swap(c.host.matches[0], c.host.matches[2]);
  EXPECT_EQ(c.find_path("/a/b"), 0u);
  EXPECT_EQ(c.find_path("/a"), 3u);
}

TEST(Matcher, Methods) {
  Case c;
  c.add(PathMatchType::PathPrefix, "/").method = "POST";
  c.add(PathMatchType::PathPrefix, "/").method = "PURGE";
  c.add(PathMatchType::PathPrefix, "/");
  Request request;
  EXPECT_EQ(c.find(request), 2u);
  request.method = "POST";
  EXPECT_EQ(c.find(request), 0u);
  request.method = "PURGE";
  EXPECT_EQ(c.find(request), 1u);
  request.method = "purge";
  EXPECT_EQ(c.find(request), 2u);
}

TEST(Matcher, HeadersByAnyCaseOfTheNameAndExactValue) {
  Case c;
  c.add(PathMatchType::PathPrefix, "/").headers = {{StringMatchType::Exact, "version", "one"},
                                                   {StringMatchType::Exact, "accept", "text/html"}};
  Request request;
  request.headers = {{"VERSION", "one"}, {"Accept", "text/html"}};
  EXPECT_EQ(c.find(request), 0u);
  request.headers = {{"version", "ONE"}, {"Accept", "text/html"}};
  EXPECT_EQ(c.find(request), kNone);
  request.headers = {{"version", "one"}};
  EXPECT_EQ(c.find(request), kNone);
}

TEST(Matcher, RepeatedHeadersCountAsOneList) {
  Case c;
  c.add(PathMatchType::PathPrefix, "/").headers = {{StringMatchType::Exact, "x-colour", "red, blue"}};
  Request request;
  request.headers = {{"X-Colour", "red"}, {"x-colour", "blue"}};
  EXPECT_EQ(c.find(request), 0u);
  request.headers = {{"X-Colour", "blue"}, {"x-colour", "red"}};
  EXPECT_EQ(c.find(request), kNone);
  c.host.matches[0].headers[0] = {StringMatchType::RegularExpression, "x-colour", "(.*, )?blue"};
  request.headers = {{"X-Colour", "red"}, {"x-colour", "blue"}};
  EXPECT_EQ(c.find(request), 0u);
}

TEST(Matcher, QueryParametersAreDecodedAndTheFirstCounts) {
  Case c;
  c.add(PathMatchType::PathPrefix, "/").query_params = {{StringMatchType::Exact, "animal", "blue whale"}};
  Request request;
  for (const char* query : {"animal=blue%20whale", "animal=blue+whale", "x=1&%61nimal=blue%20whale&y",
                            "animal=blue%20whale&animal=dolphin"}) {
    request.query = query;
    EXPECT_EQ(c.find(request), 0u) << query;
  }
  for (const char* query : {"", "Animal=blue%20whale", "animal", "animal=blue", "animal=dolphin&animal=blue%20whale"}) {
    request.query = query;
    EXPECT_EQ(c.find(request), kNone) << query;
  }
}

TEST(Matcher, ManyNamesNeedTheHeapAndStillCount) {
  Case c;
  Request request;
  for (int i = 0; i < 30; ++i) {
    const std::string name = "x-" + std::to_string(i);
    auto& match = c.add(PathMatchType::PathPrefix, "/");
    match.headers.push_back({StringMatchType::Exact, name, "yes"});
    match.query_params.push_back({StringMatchType::Exact, name, "yes"});
    request.headers.emplace_back(name, i == 29 ? "yes" : "no");
    request.query += name + "=yes&";
  }
  EXPECT_EQ(c.find(request), 29u);
}

TEST(Matcher, NothingMatchesNothing) { EXPECT_EQ(Case().find_path("/"), kNone); }

TEST(Matcher, AgreesWithTheReference) {
  Random random(20'260'101);
  reference::Source source([&](std::uint32_t bound) { return random.below(bound); });
  RegexCache regexes;
  std::size_t found = 0, checked = 0;
  for (int round = 0; round < 1500; ++round) {
    const auto host = plan::seal(source.host());
    const Matcher matcher(host, regexes);
    for (int i = 0; i < 40; ++i) {
      const Request request = source.request();
      http::RequestHead head;
      request.fill(head);
      http::TextArena arena;
      const std::uint32_t expected = reference::find(*host, request);
      ASSERT_EQ(matcher.find(head, arena), expected)
          << round << ": " << request.method << " " << request.path << "?" << request.query;
      found += expected != kNone;
      ++checked;
    }
  }
  // Both outcomes are common, or the test says little.
  EXPECT_GT(found, checked / 4);
  EXPECT_LT(found, checked * 3 / 4);
}

TEST(RegexCache, HoldsEachPatternOnceAndForgets) {
  RegexCache cache;
  const auto first = cache.get("a+");
  EXPECT_EQ(cache.get("a+"), first);
  EXPECT_EQ(cache.get("("), nullptr);
  for (int i = 0; i < 1000; ++i) cache.get("b" + std::to_string(i));
  EXPECT_LT(cache.size(), 200u);
  EXPECT_EQ(cache.get("a+"), first);
}

}  // namespace
}  // namespace cardea::proxy
