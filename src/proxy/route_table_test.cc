// SPDX-License-Identifier: Apache-2.0
#include "proxy/route_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "plan/hash.h"
#include "proxy/random.h"
#include "proxy/route_compiler.h"

namespace cardea::proxy {
namespace {

const std::vector<std::string> kEverywhere = {"0.0.0.0", "::"};

plan::Ref<plan::Rule> rule_named(std::string name, std::vector<plan::Filter> filters = {}, std::uint32_t index = 0) {
  plan::Rule rule;
  rule.route = {"shop", std::move(name)};
  rule.index = index;
  rule.filters = std::move(filters);
  plan::BackendRef backend;
  backend.id = "shop/" + rule.route.name + ":80";
  backend.backend = plan::seal(plan::Backend{backend.id, plan::BackendProtocol::Http1, {}});
  rule.backends.push_back(backend);
  return plan::seal(std::move(rule));
}

plan::RouteMatch match(std::string prefix, plan::Ref<plan::Rule> rule) {
  plan::RouteMatch match;
  match.path.value = std::move(prefix);
  match.rule = std::move(rule);
  return match;
}

plan::Ref<plan::VirtualHost> host(std::string hostname, std::vector<plan::RouteMatch> matches) {
  return plan::seal(plan::VirtualHost{std::move(hostname), std::move(matches), {}});
}

plan::Listener listener(std::string name, std::string hostname, plan::Protocol protocol = plan::Protocol::HTTP,
                        std::uint16_t port = 8080) {
  plan::Listener listener;
  listener.owner = {"shop", "gateway"};
  listener.name = std::move(name);
  listener.hostname = std::move(hostname);
  listener.protocol = protocol;
  listener.port = port;
  listener.bind_port = listener.advertised_port = port;
  return listener;
}

plan::Ref<plan::Plan> plan_of(std::vector<plan::Listener> listeners, std::string gateway = "gateway") {
  plan::Routing routing;
  for (auto& one : listeners) routing.listeners.push_back(plan::seal(std::move(one)));
  plan::Plan plan;
  plan.gateway = {"shop", std::move(gateway)};
  plan.routing = plan::seal(std::move(routing));
  return plan::seal(std::move(plan));
}

struct World {
  Metrics metrics{2};
  SettingsTable settings{Settings{}};
  RouteCompiler compiler{metrics, settings};
  std::shared_ptr<const RouteTable> table;

  void compile(const plan::PlanSet& plans, std::span<const std::string> addresses = kEverywhere) {
    table = compiler.compile(plans, addresses, table.get());
  }
  const Bind& bind(std::uint16_t port = 8080) const { return *table->find_bind("::", port); }
};

std::string chosen(const ListenerChoice& choice) {
  return choice.listener ? choice.listener->plan().name : std::string(name_of(choice.reason));
}

std::string route_of(const CompiledListener& listener, std::string_view host, std::string_view path) {
  http::RequestHead head;
  head.method = http::Method::Get;
  head.method_text = "GET";
  head.host = head.authority = host;
  head.path = path;
  http::TextArena arena;
  const CompiledRule* rule = listener.match_route(head, arena);
  return rule ? rule->plan->route.name : "-";
}

// --- Binds ----------------------------------------------------------------------------------------------------------

TEST(RouteTable, ListenersOfSeveralGatewaysShareABind) {
  World world;
  auto own = listener("own", "");
  own.addresses = {"127.0.0.1"};
  world.compile(
      {plan_of({listener("a", "a.test"), listener("other-port", "a.test", plan::Protocol::HTTP, 8081)}, "one"),
       plan_of({listener("b", "b.test"), own}, "two")});
  std::vector<std::string> binds;
  for (const auto& bind : world.table->binds()) binds.push_back(bind.address() + " " + std::to_string(bind.port()));
  EXPECT_EQ(binds, (std::vector<std::string>{"0.0.0.0 8080", "0.0.0.0 8081", "127.0.0.1 8080", ":: 8080", ":: 8081"}));
  EXPECT_EQ(world.table->listeners().size(), 4u);
  EXPECT_EQ(chosen(world.bind().choose("a.test", nullptr)), "a");
  EXPECT_EQ(chosen(world.bind().choose("b.test", nullptr)), "b");
  EXPECT_EQ(world.bind().choose("b.test", nullptr).listener->gateway().name, "two");
  EXPECT_EQ(chosen(world.bind().choose("c.test", nullptr)), "no_listener");
  EXPECT_EQ(chosen(world.table->find_bind("127.0.0.1", 8080)->choose("a.test", nullptr)), "own");
  EXPECT_EQ(world.table->find_bind("127.0.0.1", 8081), nullptr);
}

TEST(RouteTable, WhereItListensIsTheMappedPort) {
  World world;
  auto mapped = listener("web", "", plan::Protocol::HTTP, 80);
  mapped.bind_port = 8080;
  world.compile({plan_of({mapped})});
  EXPECT_NE(world.table->find_bind("::", 8080), nullptr);
  EXPECT_EQ(world.table->find_bind("::", 80), nullptr);
}

TEST(RouteTable, WhatIsNotHttpIsLeftOut) {
  World world;
  world.compile({plan_of({listener("tcp", "", plan::Protocol::TCP), listener("udp", "", plan::Protocol::UDP),
                          listener("tls", "", plan::Protocol::TLS)})});
  EXPECT_TRUE(world.table->binds().empty());
  EXPECT_TRUE(world.table->refusals().empty());
}

TEST(RouteTable, ConflictsAreRefusedAndTheFirstStays) {
  World world;
  world.compile({plan_of({listener("first", "a.test"), listener("twin", "a.test")}, "one"),
                 plan_of({listener("secure", "b.test", plan::Protocol::HTTPS)}, "two")},
                std::vector<std::string>{"::", "::"});
  EXPECT_EQ(chosen(world.bind().choose("a.test", nullptr)), "first");
  EXPECT_FALSE(world.bind().is_tls());
  EXPECT_EQ(world.table->listeners().size(), 1u);
  ASSERT_EQ(world.table->refusals().size(), 4u);
  EXPECT_EQ(world.table->refusals()[0].part, "listener twin");
  EXPECT_EQ(world.table->refusals()[2].part, "listener secure");
  EXPECT_EQ(world.table->refusals()[2].gateway.name, "two");
}

// --- Isolation and misdirection -------------------------------------------------------------------------------------

TEST(RouteTable, OnlyTheMostSpecificListenerAnswers) {
  World world;
  auto any = listener("any", "");
  any.virtual_hosts = {host("", {match("/any", rule_named("any"))})};
  auto wild = listener("wild", "*.example.com");
  wild.virtual_hosts = {host("*.example.com", {match("/wild", rule_named("wild"))})};
  auto deep = listener("deep", "*.foo.example.com");
  auto exact = listener("exact", "abc.foo.example.com");
  world.compile({plan_of({any, wild, deep, exact})});
  const Bind& bind = world.bind();
  EXPECT_EQ(chosen(bind.choose("bar.com", nullptr)), "any");
  EXPECT_EQ(chosen(bind.choose("example.com", nullptr)), "any");
  EXPECT_EQ(chosen(bind.choose("bar.example.com", nullptr)), "wild");
  EXPECT_EQ(chosen(bind.choose("bar.foo.example.com", nullptr)), "deep");
  EXPECT_EQ(chosen(bind.choose("abc.foo.example.com", nullptr)), "exact");
  EXPECT_EQ(chosen(bind.choose("127.0.0.1", nullptr)), "any");
  // No falling through to a less specific listener.
  EXPECT_EQ(route_of(*bind.choose("bar.example.com", nullptr).listener, "bar.example.com", "/any"), "-");
  EXPECT_EQ(route_of(*bind.choose("bar.example.com", nullptr).listener, "bar.example.com", "/wild"), "wild");
}

struct TlsWorld : World {
  TlsWorld() {
    const auto https = [](std::string name, std::string hostname) {
      return listener(std::move(name), std::move(hostname), plan::Protocol::HTTPS, 8443);
    };
    compile({plan_of({https("any", ""), https("second", "second-example.org"), https("wild", "*.wildcard.org"),
                      https("fourth", "fourth-example.wildcard.org")})});
  }
  // What a request for `host` gets on a connection whose ClientHello named `sni`.
  std::string answer(std::string_view sni, std::string_view host) const {
    const Bind& tls = bind(8443);
    const CompiledListener* connection = tls.listener_for_sni(sni);
    EXPECT_EQ(tls.entitled({connection->id(), sni}), connection);
    return chosen(tls.choose(host, connection));
  }
};

// The table of facts 6.9, row by row.
TEST(RouteTable, MisdirectedRequests) {
  const TlsWorld world;
  EXPECT_EQ(world.answer("example.org", "example.org"), "any");
  EXPECT_EQ(world.answer("example.org", "second-example.org"), "misdirected");
  EXPECT_EQ(world.answer("example.org", "unknown-example.org"), "any");
  EXPECT_EQ(world.answer("second-example.org", "second-example.org"), "second");
  EXPECT_EQ(world.answer("second-example.org", "example.org"), "misdirected");
  EXPECT_EQ(world.answer("second-example.org", "unknown-example.org"), "misdirected");
  EXPECT_EQ(world.answer("third-example.wildcard.org", "third-example.wildcard.org"), "wild");
  EXPECT_EQ(world.answer("third-example.wildcard.org", "fith-example.wildcard.org"), "wild");
  EXPECT_EQ(world.answer("third-example.wildcard.org", "fourth-example.wildcard.org"), "misdirected");
  EXPECT_EQ(world.answer("third-example.wildcard.org", "unknown-example.org"), "misdirected");
  EXPECT_EQ(world.answer("unknown-example.org", "example.org"), "any");
  EXPECT_EQ(world.answer("", "example.org"), "any");
}

TEST(RouteTable, WithoutAListenerForEveryHost) {
  World world;
  world.compile(
      {plan_of({listener("a", "a.test", plan::Protocol::HTTPS), listener("b", "b.test", plan::Protocol::HTTPS)})});
  const Bind& bind = world.bind();
  EXPECT_TRUE(bind.is_tls());
  EXPECT_EQ(bind.listener_for_sni(""), nullptr);
  EXPECT_EQ(bind.listener_for_sni("c.test"), nullptr);
  const auto* a = bind.listener_for_sni("a.test");
  EXPECT_EQ(chosen(bind.choose("a.test", a)), "a");
  EXPECT_EQ(chosen(bind.choose("b.test", a)), "misdirected");
  EXPECT_EQ(chosen(bind.choose("c.test", a)), "no_listener");
}

TEST(RouteTable, AConnectionKeepsOnlyWhatItWasMadeFor) {
  World world;
  const auto https = [](std::string name, std::string hostname) {
    return listener(std::move(name), std::move(hostname), plan::Protocol::HTTPS);
  };
  world.compile({plan_of({https("wild", "*.test")})});
  const TlsIdentity identity{world.bind().listener_for_sni("a.test")->id(), "a.test"};
  // A change elsewhere in the listener concerns no connection.
  auto changed = https("wild", "*.test");
  changed.virtual_hosts = {host("*.test", {match("/", rule_named("any"))})};
  world.compile({plan_of({changed})});
  const CompiledListener* still = world.bind().entitled(identity);
  ASSERT_NE(still, nullptr);
  EXPECT_EQ(chosen(world.bind().choose("b.test", still)), "wild");
  // A more specific listener takes the name away.
  world.compile({plan_of({changed, https("exact", "a.test")})});
  EXPECT_EQ(world.bind().entitled(identity), nullptr);
  EXPECT_EQ(chosen(world.bind().choose("a.test", nullptr)), "misdirected");
  // So does a new hostname of the same listener.
  world.compile({plan_of({https("wild", "*.other")})});
  EXPECT_EQ(world.bind().entitled(identity), nullptr);
}

// --- Virtual hosts --------------------------------------------------------------------------------------------------

TEST(RouteTable, AMissUnderOneHostnameFallsThroughToTheNext) {
  World world;
  auto web = listener("web", "");
  web.virtual_hosts = {
      host("a.example.com", {match("/exact", rule_named("exact"))}),
      host("*.example.com", {match("/wild", rule_named("wild")), match("/exact", rule_named("wrong"))}),
      host("*.com", {match("/com", rule_named("com"))}), host("", {match("/any", rule_named("any"))})};
  world.compile({plan_of({web})});
  const CompiledListener& listener = *world.table->listeners()[0];
  EXPECT_EQ(route_of(listener, "a.example.com", "/exact"), "exact");
  EXPECT_EQ(route_of(listener, "a.example.com", "/wild"), "wild");
  EXPECT_EQ(route_of(listener, "a.example.com", "/com"), "com");
  EXPECT_EQ(route_of(listener, "a.example.com", "/any"), "any");
  EXPECT_EQ(route_of(listener, "a.example.com", "/none"), "-");
  EXPECT_EQ(route_of(listener, "example.com", "/wild"), "-");
  EXPECT_EQ(route_of(listener, "example.com", "/com"), "com");
  EXPECT_EQ(route_of(listener, "example.org", "/exact"), "-");
  EXPECT_EQ(route_of(listener, "example.org", "/any"), "any");
}

// --- Rules ----------------------------------------------------------------------------------------------------------

const CompiledRule& only_rule(const World& world) {
  return *world.table->listeners()[0]->virtual_hosts()[0]->rules()[0];
}

void compile_rule(World& world, plan::Rule rule) {
  auto web = listener("web", "");
  web.virtual_hosts = {host("", {match("/", plan::seal(std::move(rule)))})};
  world.compile({plan_of({web})});
}

TEST(RouteTable, BackendsKeepTheirWeightAndTheirFault) {
  plan::Rule rule;
  plan::BackendRef good, missing, filtered;
  good.weight = 70;
  good.id = "shop/a:80";
  good.backend = plan::seal(plan::Backend{good.id, plan::BackendProtocol::Http1, {}});
  missing.weight = 30;
  missing.id = "shop/gone:80";
  missing.fault = plan::BackendFault::NotFound;
  filtered = good;
  filtered.weight = 0;
  filtered.filters = {plan::UnresolvedFilter{"unknown"}};
  rule.backends = {good, missing, filtered};
  World world;
  compile_rule(world, rule);
  const CompiledRule& compiled = only_rule(world);
  EXPECT_EQ(compiled.total_weight, 100u);
  EXPECT_EQ(compiled.fault, Reason::None);
  EXPECT_EQ(compiled.backends[0].weight_end, 70u);
  EXPECT_EQ(compiled.backends[0].fault, Reason::None);
  EXPECT_EQ(compiled.backends[0].slot->id, "shop/a:80");
  EXPECT_EQ(compiled.backends[1].weight_end, 100u);
  EXPECT_EQ(compiled.backends[1].fault, Reason::BackendInvalid);
  EXPECT_EQ(compiled.backends[1].slot, nullptr);
  EXPECT_EQ(compiled.backends[2].fault, Reason::UnresolvedFilter);
  EXPECT_EQ(compiled.backends[2].slot, compiled.backends[0].slot);
  EXPECT_TRUE(world.table->refusals().empty());
}

TEST(RouteTable, AnUnresolvedFilterFailsTheRule) {
  plan::Rule rule;
  rule.filters = {plan::RequestRedirect{}, plan::UnresolvedFilter{"unknown"}};
  World world;
  compile_rule(world, rule);
  EXPECT_EQ(only_rule(world).fault, Reason::UnresolvedFilter);
  EXPECT_TRUE(world.table->refusals().empty());
}

TEST(RouteTable, AFilterThatWouldSplitAMessageIsRefused) {
  plan::RequestHeaderModifier filter;
  filter.set = {{"X-A", "a\r\nX-B: b"}};
  plan::Rule rule;
  rule.route = {"shop", "cart"};
  rule.filters = {filter};
  World world;
  compile_rule(world, rule);
  EXPECT_EQ(only_rule(world).fault, Reason::UnresolvedFilter);
  ASSERT_EQ(world.table->refusals().size(), 1u);
  EXPECT_EQ(world.table->refusals()[0].part, "HTTPRoute shop/cart rule 0");
  // Still told when nothing changed.
  compile_rule(world, rule);
  EXPECT_EQ(world.table->refusals().size(), 1u);
}

TEST(RouteTable, TheRedirectIsAtHand) {
  plan::RequestRedirect redirect;
  redirect.status_code = 301;
  plan::Rule rule;
  rule.filters = {plan::ResponseHeaderModifier{}, redirect};
  World world;
  compile_rule(world, rule);
  ASSERT_NE(only_rule(world).redirect, nullptr);
  EXPECT_EQ(only_rule(world).redirect->status_code, 301);
}

TEST(RouteTable, AnExpressionThatDoesNotCompileIsTold) {
  auto web = listener("web", "");
  auto bad = match("(", rule_named("a"));
  bad.path.type = plan::PathMatchType::RegularExpression;
  web.virtual_hosts = {host("", {bad, match("/", rule_named("b"))})};
  World world;
  world.compile({plan_of({web})});
  ASSERT_EQ(world.table->refusals().size(), 1u);
  EXPECT_EQ(route_of(*world.table->listeners()[0], "x.test", "/"), "b");
}

// --- Reuse ----------------------------------------------------------------------------------------------------------

TEST(RouteCompiler, ReusesWhatDidNotChange) {
  const auto build = [](std::string changed) {
    auto web = listener("web", "");
    web.virtual_hosts = {host("a.test", {match("/1", rule_named("a1")), match("/2", rule_named("a2"))}),
                         host("b.test", {match("/1", rule_named("b1")), match("/2", rule_named(std::move(changed)))}),
                         host("c.test", {match("/", rule_named("c"))})};
    return plan::PlanSet{plan_of({web, listener("other", "", plan::Protocol::HTTP, 8081)})};
  };
  World world;
  world.compile(build("b2"));
  const auto before = world.table;
  world.compile(build("new"));
  const auto& old_hosts = before->listeners()[0]->virtual_hosts();
  const auto& new_hosts = world.table->listeners()[0]->virtual_hosts();
  EXPECT_EQ(world.table->listeners()[1], before->listeners()[1]);
  EXPECT_NE(world.table->listeners()[0], before->listeners()[0]);
  EXPECT_EQ(world.table->listeners()[0]->id(), before->listeners()[0]->id());
  EXPECT_EQ(new_hosts[0], old_hosts[0]);
  EXPECT_NE(new_hosts[1], old_hosts[1]);
  EXPECT_EQ(new_hosts[2], old_hosts[2]);
  EXPECT_EQ(new_hosts[1]->rules()[0], old_hosts[1]->rules()[0]);
  EXPECT_NE(new_hosts[1]->rules()[1], old_hosts[1]->rules()[1]);
  EXPECT_EQ(route_of(*world.table->listeners()[0], "b.test", "/2"), "new");
  EXPECT_EQ(route_of(*before->listeners()[0], "b.test", "/2"), "b2");
}

TEST(RouteCompiler, HostsThatMoveAreFoundAgain) {
  std::vector<plan::Ref<plan::VirtualHost>> hosts;
  for (int i = 0; i < 50; ++i)
    hosts.push_back(host("h" + std::to_string(i) + ".test", {match("/", rule_named("r" + std::to_string(i)))}));
  auto web = listener("web", "");
  web.virtual_hosts = hosts;
  World world;
  world.compile({plan_of({web})});
  const auto before = world.table;
  std::ranges::reverse(hosts);
  hosts.insert(hosts.begin(), host("*.new.test", {match("/", rule_named("new"))}));
  web.virtual_hosts = hosts;
  world.compile({plan_of({web})});
  const auto& old_hosts = before->listeners()[0]->virtual_hosts();
  const auto& new_hosts = world.table->listeners()[0]->virtual_hosts();
  for (std::size_t i = 0; i < 50; ++i) EXPECT_EQ(new_hosts[i + 1], old_hosts[49 - i]) << i;
  EXPECT_EQ(route_of(*world.table->listeners()[0], "h7.test", "/"), "r7");
  EXPECT_EQ(route_of(*world.table->listeners()[0], "x.new.test", "/"), "new");
}

TEST(RouteCompiler, ManyChangesLeadWhereAFreshStartLeads) {
  Random random(11);
  std::vector<std::pair<std::string, std::vector<plan::RouteMatch>>> hosts;
  std::vector<plan::Ref<plan::Rule>> rules;  // within a plan, equal rules are one object
  for (std::uint32_t i = 0; i < 100; ++i) rules.push_back(rule_named("r" + std::to_string(i / 3), {}, i % 3));
  const auto some_match = [&] { return match("/" + std::to_string(random.below(5)), rules[random.below(100)]); };
  const auto change = [&] {
    const std::uint32_t kind = random.below(8);
    if (hosts.empty() || kind == 0) {
      const std::string name = "h" + std::to_string(random.below(12)) + ".test";
      if (std::ranges::find(hosts, name, [](const auto& one) { return one.first; }) != hosts.end()) return;
      hosts.insert(hosts.begin() + random.below(static_cast<std::uint32_t>(hosts.size()) + 1), {name, {}});
      return;
    }
    const auto chosen_host = hosts.begin() + random.below(static_cast<std::uint32_t>(hosts.size()));
    auto& matches = chosen_host->second;
    if (kind == 1) {
      hosts.erase(chosen_host);
    } else if (kind < 6 || matches.empty()) {
      matches.insert(matches.begin() + random.below(static_cast<std::uint32_t>(matches.size()) + 1), some_match());
    } else if (kind == 6) {
      matches.erase(matches.begin() + random.below(static_cast<std::uint32_t>(matches.size())));
    } else {
      std::swap(matches.front(), matches.back());
    }
  };
  World world;
  for (int step = 0; step < 600; ++step) {
    for (std::uint32_t i = random.below(4); i > 0; --i) change();
    auto web = listener("web", "");
    for (const auto& [name, matches] : hosts) web.virtual_hosts.push_back(host(name, matches));
    const plan::PlanSet plans = {plan_of({web})};
    world.compile(plans);
    World fresh;
    fresh.compile(plans);
    const auto& left = *world.table->listeners()[0];
    const auto& right = *fresh.table->listeners()[0];
    for (std::size_t h = 0; h < hosts.size(); ++h) {
      ASSERT_EQ(left.virtual_hosts()[h]->rules().size(), right.virtual_hosts()[h]->rules().size());
      for (int path = 0; path < 5; ++path) {
        const std::string text = "/" + std::to_string(path);
        ASSERT_EQ(route_of(left, hosts[h].first, text), route_of(right, hosts[h].first, text)) << step;
      }
    }
    ASSERT_EQ(world.metrics.series(), fresh.metrics.series()) << step;
    ASSERT_EQ(world.compiler.slots().size(), fresh.compiler.slots().size()) << step;
  }
}

TEST(RouteCompiler, ARuleOfSeveralHostsIsCompiledOnce) {
  auto web = listener("web", "");
  const auto rule = rule_named("shared");
  web.virtual_hosts = {host("a.test", {match("/1", rule), match("/2", rule)}), host("b.test", {match("/", rule)})};
  World world;
  world.compile({plan_of({web})});
  const auto& hosts = world.table->listeners()[0]->virtual_hosts();
  ASSERT_EQ(hosts[0]->rules().size(), 1u);
  EXPECT_EQ(hosts[0]->rules()[0], hosts[1]->rules()[0]);
}

TEST(RouteCompiler, CountersSurviveAChangeAndGoWithTheRoute) {
  World world;
  const auto build = [](std::string header) {
    plan::RequestHeaderModifier filter;
    filter.set = {{"X-A", std::move(header)}};
    auto web = listener("web", "");
    web.virtual_hosts = {host("", {match("/", rule_named("cart", {filter}))})};
    return plan::PlanSet{plan_of({web})};
  };
  world.compile(build("1"));
  const auto* series = only_rule(world).series.get();
  const auto* slot = only_rule(world).backends[0].slot.get();
  only_rule(world).series->counters.at(1).responses.record(200);
  world.compile(build("2"));
  EXPECT_EQ(only_rule(world).series.get(), series);
  EXPECT_EQ(only_rule(world).backends[0].slot.get(), slot);
  EXPECT_TRUE(world.metrics.render().contains("route_name=\"cart\",rule=\"0\",code=\"200\"} 1\n"));
  world.compile({plan_of({})});
  EXPECT_FALSE(world.metrics.render().contains("cart"));
  EXPECT_EQ(world.metrics.series(), 0u);
  EXPECT_EQ(world.compiler.slots().size(), 0u);
}

}  // namespace
}  // namespace cardea::proxy
