// SPDX-License-Identifier: Apache-2.0
// How long a translation takes: everything anew, a data plane's answer, one route changed, one pod changed.
#include <benchmark/benchmark.h>

#include <fmt/format.h>

#include "translate/translate.h"

namespace cardea::translate {
namespace {

// `per_host` routes share a hostname; each route has its own Service with two endpoints.
struct World {
  api::Resources resources;
  int routes;
  int per_host;

  World(int count, int share) : routes(count), per_host(share) {
    api::GatewayClass gateway_class;
    gateway_class.metadata.name = "cardea";
    gateway_class.spec.controller_name = Options{}.controller_name;
    resources.put(std::make_shared<const api::GatewayClass>(gateway_class));
    api::Gateway gateway;
    gateway.metadata = meta("web");
    gateway.spec.gateway_class_name = "cardea";
    gateway.spec.allowed_listeners.namespaces.from = api::FromNamespaces::All;
    gateway.spec.listeners.resize(1);
    gateway.spec.listeners[0].name = "http";
    gateway.spec.listeners[0].port = 80;
    resources.put(std::make_shared<const api::Gateway>(gateway));
    for (int i = 0; i < count; ++i) {
      put_route(i, 1);
      put_service(i);
      put_slice(i, 1);
    }
  }

  static api::ObjectMeta meta(std::string name) {
    api::ObjectMeta metadata;
    metadata.namespace_ = "default";
    metadata.name = std::move(name);
    metadata.generation = 1;
    return metadata;
  }
  static std::string name(int i) { return fmt::format("app-{:05}", i); }

  void put_route(int i, int weight) {
    api::HTTPRoute route;
    route.metadata = meta(name(i));
    route.spec.parent_refs.resize(1);
    route.spec.parent_refs[0].name = "web";
    route.spec.hostnames = {fmt::format("host-{}.example.com", i / per_host)};
    route.spec.rules.resize(1);
    route.spec.rules[0].matches.resize(1);
    route.spec.rules[0].matches[0].path.value = fmt::format("/path/{}", i);
    route.spec.rules[0].backend_refs.resize(1);
    auto& ref = route.spec.rules[0].backend_refs[0];
    ref.name = name(i);
    ref.port = 80;
    ref.weight = static_cast<std::uint32_t>(weight);
    resources.put(std::make_shared<const api::HTTPRoute>(route));
  }
  void put_service(int i) {
    api::Service service;
    service.metadata = meta(name(i));
    service.spec.ports.resize(1);
    service.spec.ports[0].port = 80;
    resources.put(std::make_shared<const api::Service>(service));
  }
  void put_slice(int i, int last) {
    api::EndpointSlice slice;
    slice.metadata = meta(name(i) + "-1");
    slice.metadata.labels.set("kubernetes.io/service-name", name(i));
    slice.endpoints.resize(2);
    slice.endpoints[0].addresses = {fmt::format("10.{}.{}.1", i / 200, i % 200)};
    slice.endpoints[1].addresses = {fmt::format("10.{}.{}.{}", i / 200, i % 200, last + 1)};
    slice.ports.resize(1);
    slice.ports[0].port = 3000;
    resources.put(std::make_shared<const api::EndpointSlice>(slice));
  }
};

// Each hostname has an HTTPS listener of its own, 50 to a ListenerSet.
void many_listeners(benchmark::State& state) {
  World world(0, 1);
  for (int i = 0; i < static_cast<int>(state.range(0)) / 50; ++i) {
    api::ListenerSet set;
    set.metadata = World::meta(fmt::format("set-{:05}", i));
    set.spec.parent_ref.name = "web";
    for (int k = 0; k < 50; ++k) {
      api::Listener listener;
      listener.name = fmt::format("https-{}", k);
      listener.port = 443;
      listener.protocol = api::ProtocolType::HTTPS;
      listener.hostname = fmt::format("host-{}-{}.example.com", i, k);
      set.spec.listeners.push_back(std::move(listener));
    }
    world.resources.put(std::make_shared<const api::ListenerSet>(std::move(set)));
  }
  Observed observed;
  for (const auto& plan : translate(world.resources, {}, {}).plans) observed.gateways[plan->gateway].served = plan;
  for (auto _ : state) benchmark::DoNotOptimize(translate(world.resources, observed, {}));
}

void everything_anew(benchmark::State& state) {
  const World world(static_cast<int>(state.range(0)), static_cast<int>(state.range(1)));
  for (auto _ : state) benchmark::DoNotOptimize(translate({world.resources}, {}, {}));
}

// A data plane answered: as after every publication.
void only_observed(benchmark::State& state) {
  const World world(static_cast<int>(state.range(0)), static_cast<int>(state.range(1)));
  Translation last = translate(world.resources, {}, {});
  Observed observed;
  for (auto _ : state) {
    observed.gateways[last.plans[0]->gateway].served = last.plans[0];
    last = translate(world.resources, observed, {}, &last);
  }
}

void one_route_changed(benchmark::State& state) {
  World world(static_cast<int>(state.range(0)), static_cast<int>(state.range(1)));
  Translation last = translate(world.resources, {}, {});
  int weight = 1;
  for (auto _ : state) {
    world.put_route(world.routes / 2, ++weight);
    last = translate(world.resources, {}, {}, &last);
  }
}

void one_pod_changed(benchmark::State& state) {
  World world(static_cast<int>(state.range(0)), static_cast<int>(state.range(1)));
  Translation last = translate(world.resources, {}, {});
  int pod = 1;
  for (auto _ : state) {
    world.put_slice(world.routes / 2, ++pod % 200);
    last = translate(world.resources, {}, {}, &last);
  }
}

void sizes(benchmark::internal::Benchmark* bench) {
  bench->Args({1000, 5})->Args({5000, 5})->Args({5000, 5000})->Unit(benchmark::kMillisecond);
}
BENCHMARK(many_listeners)->Arg(1000)->Arg(5000)->Unit(benchmark::kMillisecond);
BENCHMARK(everything_anew)->Apply(sizes);
BENCHMARK(only_observed)->Apply(sizes);
BENCHMARK(one_route_changed)->Apply(sizes);
BENCHMARK(one_pod_changed)->Apply(sizes);

}  // namespace
}  // namespace cardea::translate
