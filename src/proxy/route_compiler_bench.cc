// SPDX-License-Identifier: Apache-2.0
// What a change costs the control thread, and what a table costs in memory, at thousands of routes.
#include <benchmark/benchmark.h>
#include <malloc.h>

#include <string>
#include <utility>
#include <vector>

#include "plan/hash.h"
#include "proxy/route_compiler.h"

namespace cardea::proxy {
namespace {

plan::RouteMatch route(int number, const std::string& path, std::string_view variant = "") {
  plan::Rule rule;
  rule.route = {"team-" + std::to_string(number % 50), "route-" + std::to_string(number) + std::string(variant)};
  plan::BackendRef backend;
  backend.id = rule.route.namespace_ + "/service-" + std::to_string(number) + ":8080";
  backend.backend = plan::seal(plan::Backend{backend.id, plan::BackendProtocol::Http1, {}});
  rule.backends.push_back(std::move(backend));
  plan::RouteMatch match;
  match.path.value = path;
  match.rule = plan::seal(std::move(rule));
  return match;
}

struct Routes {
  std::vector<plan::Ref<plan::VirtualHost>> hosts;

  // A hostname for each route, or all routes under one hostname.
  Routes(int count, bool one_host) {
    std::vector<plan::RouteMatch> matches;
    for (int i = 0; i < count; ++i) {
      if (one_host) {
        matches.push_back(route(i, "/path/" + std::to_string(i)));
      } else {
        hosts.push_back(
            plan::seal(plan::VirtualHost{"host-" + std::to_string(i) + ".example.com", {route(i, "/")}, {}}));
      }
    }
    if (one_host) hosts.push_back(plan::seal(plan::VirtualHost{"shop.example.com", std::move(matches), {}}));
  }

  // The same with one rule changed.
  plan::Ref<plan::VirtualHost> changed(std::size_t host, std::string_view variant) const {
    plan::VirtualHost copy = *hosts[host];
    const std::size_t match = copy.matches.size() / 2;
    copy.matches[match] = route(static_cast<int>(host + match), copy.matches[match].path.value, variant);
    return plan::seal(std::move(copy));
  }

  plan::PlanSet plans() const {
    plan::Listener listener;
    listener.owner = {"infra", "gateway"};
    listener.name = "http";
    listener.bind_port = listener.port = 8080;
    listener.virtual_hosts = hosts;
    plan::Routing routing;
    routing.listeners.push_back(plan::seal(std::move(listener)));
    plan::Plan plan;
    plan.gateway = {"infra", "gateway"};
    plan.routing = plan::seal(std::move(routing));
    return {plan::seal(std::move(plan))};
  }
};

const std::vector<std::string> kEverywhere = {"0.0.0.0", "::"};

std::size_t heap_in_use() { return mallinfo2().uordblks; }

void CompileAll(benchmark::State& state) {
  const std::size_t at_start = heap_in_use();
  const Routes routes(5000, state.range(0) != 0);
  const auto plans = routes.plans();
  const std::size_t with_plan = heap_in_use();
  Metrics metrics(2);
  RouteCompiler compiler(metrics);
  for (auto _ : state) benchmark::DoNotOptimize(compiler.compile(plans, kEverywhere, nullptr));
  const std::size_t before = heap_in_use();
  const auto table = compiler.compile(plans, kEverywhere, nullptr);
  state.counters["plan_KiB"] = static_cast<double>(with_plan - at_start) / 1024;
  state.counters["table_KiB"] = static_cast<double>(heap_in_use() - before) / 1024;
}
BENCHMARK(CompileAll)->ArgName("one_host")->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

void ChangeOne(benchmark::State& state) {
  Routes routes(5000, state.range(0) != 0);
  const std::size_t host = routes.hosts.size() / 2;
  const plan::PlanSet before = routes.plans();
  routes.hosts[host] = routes.changed(host, "-changed");
  const plan::PlanSet after = routes.plans();
  Metrics metrics(2);
  RouteCompiler compiler(metrics);
  auto table = compiler.compile(before, kEverywhere, nullptr);
  bool changed = false;
  for (auto _ : state) {
    changed = !changed;
    table = compiler.compile(changed ? after : before, kEverywhere, table.get());
  }
}
BENCHMARK(ChangeOne)->ArgName("one_host")->Arg(0)->Arg(1)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace cardea::proxy
