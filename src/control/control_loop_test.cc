// SPDX-License-Identifier: Apache-2.0
#include "control/control_loop.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include "api/decode.h"
#include "base/yaml.h"

namespace cardea::control {
namespace {

api::Object object(std::string_view yaml) {
  const auto documents = base::parse_yaml(yaml);
  EXPECT_TRUE(documents.errors.empty()) << documents.errors.at(0).message;
  auto decoded = api::decode(documents.values.at(0), api::DecodeMode::Strict);
  if (const auto* const invalid = std::get_if<api::InvalidObject>(&decoded.at(0).outcome)) {
    ADD_FAILURE() << api::format_error("object", invalid->errors.at(0));
  }
  return api::with_generation(std::get<api::Object>(decoded.at(0).outcome), 1);
}

api::Object gateway_class(std::string_view name = "ours", std::string_view controller = "cardea.dev/gateway-controller") {
  return object(fmt::format("apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: {{name: {}}}\n"
                            "spec: {{controllerName: {}}}\n", name, controller));
}
api::Object gateway(std::string_view name, int port) {
  return object(fmt::format("apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {{name: {}}}\nspec: "
                            "{{gatewayClassName: ours, listeners: [{{name: web, protocol: HTTP, port: {}}}]}}\n", name, port));
}
api::Object route(std::string_view name, std::string_view gateway_name, std::string_view path) {
  return object(fmt::format(
      "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{name: {}}}\nspec:\n  parentRefs: [{{name: {}}}]\n"
      "  rules: [{{matches: [{{path: {{value: {}}}}}], backendRefs: [{{name: shop, port: 80}}]}}]\n", name, gateway_name, path));
}
constexpr std::string_view kSlice =
    "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {{name: shop-1, labels: {{kubernetes.io/service-name: "
    "shop}}}}\naddressType: IPv4\nports: [{{name: http, port: {}}}]\nendpoints: [{{addresses: [127.0.0.1]}}]\n";
api::Object slice(int port) { return object(fmt::format(fmt::runtime(kSlice), port)); }
api::Object service() {
  return object("apiVersion: v1\nkind: Service\nmetadata: {name: shop}\nspec: {ports: [{name: http, port: 80}]}\n");
}

// Data planes that acknowledge when the test says so.
class FakePlanSink final : public PlanSink {
 public:
  void publish(const plan::PlanSet& plans) override {
    ++published;
    last = plans;
    if (acknowledges) acknowledge();
  }
  translate::Observed observed() const override { return answer; }
  void acknowledge() {
    answer.gateways.clear();
    for (const auto& plan : last) answer.gateways[plan->gateway].served = plan;
    answer.addresses = {"127.0.0.1"};
  }

  bool acknowledges = true;
  int published = 0;
  plan::PlanSet last;
  translate::Observed answer;
};

class FakeStatusSink final : public StatusSink {
 public:
  void write(const Statuses& statuses) override {
    ++writes;
    last = statuses;
  }
  // "True Accepted" of a Gateway's condition; empty when there is none.
  std::string gateway_condition(std::string_view name, std::string_view type) const {
    for (const auto& status : last) {
      const auto* const found = std::get_if<api::GatewayStatus>(&status->status);
      if (!found || status->object.key.name != name) continue;
      const auto* const condition = api::find_condition(found->conditions, type);
      if (condition) return fmt::format("{} {}", api::text_of(condition->status), condition->reason);
    }
    return {};
  }

  int writes = 0;
  Statuses last;
};

class ControlLoopTest : public testing::Test {
 protected:
  void put_all() {
    for (const auto& each : {gateway_class(), gateway("gw", 80), service(), slice(9000), route("r", "gw", "/")}) {
      loop_.inbox().put(each);
    }
    loop_.inbox().mark_synced();
  }

  FakePlanSink plans_;
  FakeStatusSink statuses_;
  ControlLoop loop_{translate::Options{}, plans_, statuses_};
};

TEST_F(ControlLoopTest, WaitsForTheFirstFullSync) {
  loop_.inbox().put(gateway_class());
  loop_.inbox().put(gateway("gw", 80));
  EXPECT_FALSE(loop_.run().translated);
  EXPECT_EQ(plans_.published, 0);
  loop_.inbox().mark_synced();
  EXPECT_TRUE(loop_.run().published);
  EXPECT_EQ(plans_.last.size(), 1u);
}

TEST_F(ControlLoopTest, PublishesOnceEvenWhenThereIsNothing) {
  loop_.inbox().mark_synced();
  EXPECT_TRUE(loop_.run().published);
  EXPECT_EQ(plans_.published, 1);
  EXPECT_EQ(statuses_.writes, 1) << "what an earlier process left may have to go";
  EXPECT_FALSE(loop_.run().translated);
}

TEST_F(ControlLoopTest, ProgrammedIsTrueOnlyWhenTheDataPlaneHasAcknowledged) {
  plans_.acknowledges = false;
  put_all();
  loop_.run();
  EXPECT_EQ(statuses_.gateway_condition("gw", "Accepted"), "True Accepted");
  EXPECT_EQ(statuses_.gateway_condition("gw", "Programmed").substr(0, 5), "False");
  EXPECT_FALSE(loop_.run().translated) << "nothing changed";

  plans_.acknowledge();
  const Outcome outcome = loop_.run();
  EXPECT_TRUE(outcome.translated);
  EXPECT_FALSE(outcome.published) << "an answer changes statuses, not plans";
  EXPECT_EQ(statuses_.gateway_condition("gw", "Programmed"), "True Programmed");
}

TEST_F(ControlLoopTest, AnAnswerThatComesAtOnceIsInTheSameStatuses) {
  put_all();
  loop_.run();
  EXPECT_EQ(statuses_.gateway_condition("gw", "Programmed"), "True Programmed");
  EXPECT_EQ(statuses_.writes, 1);
  EXPECT_EQ(plans_.published, 1);
}

TEST_F(ControlLoopTest, NothingHappensWhenNothingChanged) {
  put_all();
  loop_.run();
  const auto translations = loop_.metrics().translations.value();
  put_all();  // the same objects again, by other pointers
  const Outcome outcome = loop_.run();
  EXPECT_EQ(outcome.changes, 0u);
  EXPECT_FALSE(outcome.translated);
  EXPECT_EQ(loop_.metrics().translations.value(), translations);
  EXPECT_EQ(plans_.published, 1);
  EXPECT_EQ(statuses_.writes, 1);
}

TEST_F(ControlLoopTest, AChangeThatNoPlanSeesIsNotPublished) {
  put_all();
  loop_.run();
  loop_.inbox().put(object("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: unrelated}\ndata: {a: b}\n"));
  const Outcome outcome = loop_.run();
  EXPECT_TRUE(outcome.translated);
  EXPECT_FALSE(outcome.published);
  EXPECT_TRUE(outcome.statuses.empty());
  EXPECT_EQ(statuses_.writes, 1);
}

TEST_F(ControlLoopTest, AnEndpointLeavesRoutingAsItIs) {
  put_all();
  loop_.run();
  const auto routing = plans_.last[0]->routing;
  loop_.inbox().put(slice(9001));
  const Outcome outcome = loop_.run();
  ASSERT_EQ(outcome.gateways.size(), 1u);
  EXPECT_FALSE(outcome.gateways[0].difference.routing);
  EXPECT_EQ(outcome.gateways[0].difference.backends, std::vector<std::string>{"default/shop:80"});
  EXPECT_EQ(plans_.last[0]->routing, routing) << "the same pointer";
}

TEST_F(ControlLoopTest, TellsWhatBecameOfGateways) {
  put_all();
  Outcome outcome = loop_.run();
  ASSERT_EQ(outcome.gateways.size(), 1u);
  EXPECT_TRUE(outcome.gateways[0].added);

  loop_.inbox().put(gateway("another", 81));
  outcome = loop_.run();
  ASSERT_EQ(outcome.gateways.size(), 1u);
  EXPECT_EQ(outcome.gateways[0].gateway.name, "another");
  EXPECT_TRUE(outcome.gateways[0].added);

  loop_.inbox().erase({"Gateway", {"default", "gw"}});
  outcome = loop_.run();
  ASSERT_EQ(outcome.gateways.size(), 1u);
  EXPECT_EQ(outcome.gateways[0].gateway.name, "gw");
  EXPECT_TRUE(outcome.gateways[0].removed);
  EXPECT_EQ(plans_.last.size(), 1u);
  EXPECT_EQ(statuses_.gateway_condition("gw", "Accepted"), "");
}

TEST_F(ControlLoopTest, ABadObjectCostsItselfOnly) {
  put_all();
  loop_.inbox().put(object(
      "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: bad}\nspec:\n  parentRefs: [{name: gw}]\n"
      "  rules: [{matches: [{path: {type: RegularExpression, value: '/(unclosed'}}]}]\n"));
  loop_.inbox().put(gateway("late", 80));
  loop_.run();
  ASSERT_FALSE(plans_.last.empty());
  const auto& hosts = plans_.last[0]->routing->listeners.at(0)->virtual_hosts;
  ASSERT_EQ(hosts.size(), 1u);
  bool serves_good = false;
  for (const auto& match : hosts[0]->matches) serves_good |= match.rule->route.name == "r";
  EXPECT_TRUE(serves_good);
}

TEST_F(ControlLoopTest, ANoteIsSaidOnceWhileItIsTrue) {
  put_all();
  loop_.inbox().put(gateway_class("foreign", "example.net/other"));
  const Outcome first = loop_.run();
  ASSERT_EQ(first.notes.size(), 1u);
  EXPECT_NE(first.notes[0].find("example.net/other"), std::string::npos);
  loop_.inbox().put(gateway("another", 81));
  EXPECT_TRUE(loop_.run().notes.empty());
  loop_.inbox().erase({"GatewayClass", {"", "foreign"}});
  EXPECT_TRUE(loop_.run().notes.empty());
  loop_.inbox().put(gateway_class("foreign", "example.net/other"));
  EXPECT_EQ(loop_.run().notes.size(), 1u);
}

TEST_F(ControlLoopTest, OfSeveralChangesToOneObjectTheLastCounts) {
  put_all();
  loop_.run();
  loop_.inbox().put(route("r", "gw", "/a"));
  loop_.inbox().erase({"HTTPRoute", {"default", "r"}});
  loop_.inbox().put(route("r", "gw", "/b"));
  const Outcome outcome = loop_.run();
  EXPECT_EQ(outcome.changes, 1u);
  EXPECT_EQ(plans_.last[0]->routing->listeners.at(0)->virtual_hosts.at(0)->matches.at(0).path.value, "/b");
}

TEST_F(ControlLoopTest, OnlyStatusesThatDifferAreTold) {
  put_all();
  loop_.inbox().put(gateway("another", 81));
  loop_.run();
  loop_.inbox().put(route("r2", "another", "/"));
  const Outcome outcome = loop_.run();
  std::vector<std::string> names;
  for (const auto& status : outcome.statuses) names.push_back(status->object.key.name);
  EXPECT_EQ(names, (std::vector<std::string>{"another", "r2"})) << "the Gateway, whose attachedRoutes rose, and the route";
}

TEST(Store, AnEchoChangesNothing) {
  Store store;
  EXPECT_TRUE(store.put(gateway("gw", 80)));
  EXPECT_FALSE(store.put(gateway("gw", 80)));
  EXPECT_TRUE(store.put(gateway("gw", 81)));
  EXPECT_TRUE(store.put(api::with_generation(gateway("gw", 81), 2)));
  EXPECT_TRUE(store.erase({"Gateway", {"default", "gw"}}));
  EXPECT_FALSE(store.erase({"Gateway", {"default", "gw"}}));
}

TEST(Store, ASnapshotStaysAsItWas) {
  Store store;
  store.put(gateway("gw", 80));
  const api::Resources before = store.snapshot();
  store.put(gateway("gw", 81));
  store.put(gateway("more", 82));
  EXPECT_EQ(before.size(), 1u);
  EXPECT_EQ(before.find<api::Gateway>("default", "gw")->spec.listeners.at(0).port, 80);
  EXPECT_EQ(store.snapshot().size(), 2u);
}

}  // namespace
}  // namespace cardea::control
