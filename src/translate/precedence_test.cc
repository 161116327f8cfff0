// SPDX-License-Identifier: Apache-2.0
#include "translate/precedence.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace cardea::translate {
namespace {

using plan::PathMatchType;

RankedMatch match(PathMatchType type, std::string path, std::string route = "r", std::uint32_t rule = 0) {
  plan::Rule made;
  made.route = {"default", std::move(route)};
  made.index = rule;
  RankedMatch ranked;
  ranked.match.path = {type, std::move(path)};
  ranked.match.rule = std::make_shared<const plan::Rule>(std::move(made));
  return ranked;
}

// `first` wins, and the order is strict.
void expect_first(const RankedMatch& first, const RankedMatch& second) {
  EXPECT_TRUE(takes_precedence(first, second));
  EXPECT_FALSE(takes_precedence(second, first));
}

TEST(Precedence, PathTypeThenLength) {
  const auto exact = match(PathMatchType::Exact, "/a");
  const auto regex = match(PathMatchType::RegularExpression, "/a.*");
  const auto longer_regex = match(PathMatchType::RegularExpression, "/a.*b");
  const auto prefix = match(PathMatchType::PathPrefix, "/a/long/one");
  const auto longer_prefix = match(PathMatchType::PathPrefix, "/a/long/one/more");
  expect_first(exact, regex);
  expect_first(longer_regex, regex);
  expect_first(regex, longer_prefix);
  expect_first(longer_prefix, prefix);
}

TEST(Precedence, PathLengthBeforeMethodBeforeHeadersBeforeQuery) {
  auto long_path = match(PathMatchType::PathPrefix, "/ab");
  auto method = match(PathMatchType::PathPrefix, "/a");
  method.match.method = "GET";
  auto headers = match(PathMatchType::PathPrefix, "/a");
  headers.match.headers.resize(2);
  auto query = match(PathMatchType::PathPrefix, "/a");
  query.match.query_params.resize(16);
  auto header_and_query = match(PathMatchType::PathPrefix, "/a");
  header_and_query.match.headers.resize(1);
  header_and_query.match.query_params.resize(1);
  expect_first(long_path, method);
  expect_first(method, headers);
  expect_first(headers, header_and_query);
  expect_first(header_and_query, query);
  expect_first(query, match(PathMatchType::PathPrefix, "/a"));
}

TEST(Precedence, TiesGoToTheOlderRouteThenItsNameThenTheRuleThenTheMatch) {
  auto old = match(PathMatchType::PathPrefix, "/", "z");
  auto young = match(PathMatchType::PathPrefix, "/", "a");
  young.route_created = 1;
  expect_first(old, young);
  expect_first(match(PathMatchType::PathPrefix, "/", "a", 5), match(PathMatchType::PathPrefix, "/", "b", 0));
  expect_first(match(PathMatchType::PathPrefix, "/", "a", 0), match(PathMatchType::PathPrefix, "/", "a", 1));
  auto second = match(PathMatchType::PathPrefix, "/");
  second.match_index = 1;
  expect_first(match(PathMatchType::PathPrefix, "/"), second);
}

RankedMatch grpc(GrpcRank rank, std::size_t headers = 0) {
  const bool both = rank.exact && rank.service > 0 && rank.method > 0;
  const bool service = rank.exact && rank.service > 0 && rank.method == 0;
  const auto type = both ? PathMatchType::Exact : service || rank.service + rank.method == 0 ? PathMatchType::PathPrefix : PathMatchType::RegularExpression;
  RankedMatch ranked = match(type, "/" + std::string(rank.service, 's') + "/" + std::string(rank.method, 'm'), "g");
  ranked.match.method = "POST";
  ranked.match.headers.resize(headers);
  ranked.grpc = rank;
  return ranked;
}

TEST(Precedence, OfGrpcServiceThenMethodThenHeaders) {
  // Each comes before all that follow.
  const std::vector<RankedMatch> order = {
      grpc({true, 5, 3}, 1),  // service and method
      grpc({true, 5, 3}),
      grpc({true, 9, 0}),     // longer service
      grpc({true, 5, 0}, 16),
      grpc({true, 5, 0}),
      grpc({false, 9, 2}),    // patterns of services
      grpc({false, 9, 0}, 16),
      grpc({false, 8, 9}),
      grpc({true, 0, 2}, 1),  // methods of any service
      grpc({true, 0, 2}),
      grpc({false, 0, 9}),
      grpc({false, 0, 8}, 16),
      grpc({}, 2),            // headers alone
      grpc({}),
  };
  for (std::size_t a = 0; a < order.size(); ++a) {
    for (std::size_t b = a + 1; b < order.size(); ++b) {
      SCOPED_TRACE(std::to_string(a) + " before " + std::to_string(b));
      expect_first(order[a], order[b]);
    }
  }
}

TEST(Precedence, BetweenTheKinds) {
  auto post = match(PathMatchType::PathPrefix, "/");
  post.match.method = "POST";
  const std::vector<RankedMatch> order = {
      grpc({true, 3, 2}),  match(PathMatchType::Exact, "/sss/mm"),
      grpc({true, 3, 0}),  match(PathMatchType::RegularExpression, "/sss/.*/long"),
      grpc({false, 5, 0}), match(PathMatchType::RegularExpression, "/.*"),
      match(PathMatchType::PathPrefix, "/sss"), grpc({}), post, match(PathMatchType::PathPrefix, "/"),
  };
  for (std::size_t a = 0; a < order.size(); ++a) {
    for (std::size_t b = a + 1; b < order.size(); ++b) {
      SCOPED_TRACE(std::to_string(a) + " before " + std::to_string(b));
      expect_first(order[a], order[b]);
    }
  }
}

}  // namespace
}  // namespace cardea::translate
