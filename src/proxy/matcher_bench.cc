// SPDX-License-Identifier: Apache-2.0
// What a worker pays to find the rule of a request. The mark: under 150 ns for what is typical.
#include <benchmark/benchmark.h>

#include <string>
#include <utility>
#include <vector>

#include "plan/hash.h"
#include "proxy/matcher.h"

namespace cardea::proxy {
namespace {

using plan::PathMatchType;

struct Bench {
  plan::VirtualHost host;
  RegexCache regexes;
  http::RequestHead head;
  plan::Ref<plan::Rule> rule = plan::seal(plan::Rule{});

  Bench() {
    head.method = http::Method::Get;
    head.method_text = "GET";
    head.host = head.authority = "shop.example.com";
    for (const auto& [name, value] :
         std::initializer_list<std::pair<const char*, const char*>>{{"Host", "shop.example.com"},
                                                                    {"User-Agent", "bench/1.0"},
                                                                    {"Accept", "*/*"},
                                                                    {"Accept-Encoding", "gzip"},
                                                                    {"Cookie", "session=0123456789"},
                                                                    {"X-Version", "two"}}) {
      head.fields.append(name, value);
    }
  }
  plan::RouteMatch& add(PathMatchType type, std::string value) {
    auto& match = host.matches.emplace_back();
    match.path = {type, std::move(value)};
    match.rule = rule;
    return match;
  }
  void run(benchmark::State& state, std::string_view path, std::string_view query = {}) {
    head.path = path;
    head.query = query;
    const Matcher matcher(plan::seal(plan::VirtualHost(host)), regexes);
    http::TextArena arena;
    std::uint32_t found = 0;
    for (auto _ : state) {
      found = matcher.find(head, arena);
      benchmark::DoNotOptimize(found);
      arena.clear();
    }
    if (found == Matcher::kNone) state.SkipWithError("no match");
  }
};

void OnlyTheRoot(benchmark::State& state) {
  Bench bench;
  bench.add(PathMatchType::PathPrefix, "/");
  bench.run(state, "/api/v1/items/12345");
}
BENCHMARK(OnlyTheRoot);

void AFewPrefixes(benchmark::State& state) {
  Bench bench;
  for (const char* path : {"/api/v1", "/static", "/cart", "/"}) bench.add(PathMatchType::PathPrefix, path);
  bench.run(state, "/api/v1/items/12345");
}
BENCHMARK(AFewPrefixes);

void AHeaderForTheCanary(benchmark::State& state) {
  Bench bench;
  bench.add(PathMatchType::PathPrefix, "/cart").headers = {{plan::StringMatchType::Exact, "x-version", "one"}};
  bench.add(PathMatchType::PathPrefix, "/cart").headers = {{plan::StringMatchType::Exact, "x-version", "two"}};
  bench.add(PathMatchType::PathPrefix, "/cart");
  bench.add(PathMatchType::PathPrefix, "/");
  bench.run(state, "/cart/items");
}
BENCHMARK(AHeaderForTheCanary);

void MethodAndQuery(benchmark::State& state) {
  Bench bench;
  bench.add(PathMatchType::PathPrefix, "/search").method = "POST";
  bench.add(PathMatchType::PathPrefix, "/search").query_params = {{plan::StringMatchType::Exact, "lang", "de"}};
  bench.add(PathMatchType::PathPrefix, "/");
  bench.run(state, "/search", "q=shoes&page=2&lang=de");
}
BENCHMARK(MethodAndQuery);

void ThousandsOfPaths(benchmark::State& state) {
  Bench bench;
  for (int i = 0; i < state.range(0); ++i) bench.add(PathMatchType::Exact, "/exact/" + std::to_string(i) + "/item");
  for (int i = 0; i < state.range(0); ++i) bench.add(PathMatchType::PathPrefix, "/prefix/" + std::to_string(i));
  bench.run(state, "/prefix/" + std::to_string(state.range(0) / 2) + "/some/item");
}
BENCHMARK(ThousandsOfPaths)->Arg(10)->Arg(100)->Arg(5000);

void OneExpression(benchmark::State& state) {
  Bench bench;
  bench.add(PathMatchType::RegularExpression, "/v[0-9]+/items/.*");
  bench.add(PathMatchType::PathPrefix, "/");
  bench.run(state, "/v12/items/12345");
}
BENCHMARK(OneExpression);

}  // namespace
}  // namespace cardea::proxy
