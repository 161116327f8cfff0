// SPDX-License-Identifier: Apache-2.0
#include "cluster/api_source.h"

#include <gtest/gtest.h>

#include <thread>

#include "api/selector_text.h"
#include "cluster/testing/reading.h"

namespace cardea::cluster::testing {
namespace {

constexpr std::string_view kRouteSpec = R"("spec":{"rules":[{"backendRefs":[{"name":"s","port":80}]}]})";

TEST(ApiSource, IsSyncedOnlyWithEverythingAndFollows) {
  run([](Reading& r) -> Task<void> {
    r.install("Gateway");
    r.install("HTTPRoute");
    for (int i = 0; i < 30; ++i) r.put("HTTPRoute", "shop", fmt::format("r{}", i), kRouteSpec);
    r.put("Service", "shop", "s", R"("spec":{"ports":[{"port":80}]})");
    r.start();
    co_await r.until_synced();
    EXPECT_EQ(r.store.snapshot().all<api::HTTPRoute>().size(), 30u);
    EXPECT_NE(r.find<api::Service>("shop", "s"), nullptr);
    EXPECT_NE(r.statuses.find({"HTTPRoute", {"shop", "r1"}}), nullptr);
    r.server.erase(type_of("HTTPRoute"), "shop", "r1");
    co_await r.until([&r] { return !r.find<api::HTTPRoute>("shop", "r1"); }, "r1 to go");
    EXPECT_EQ(r.statuses.find({"HTTPRoute", {"shop", "r1"}}), nullptr);
    const auto installed = r.source->installed();
    EXPECT_EQ(installed, (std::vector<translate::InstalledKind>{{"Gateway", "v1.6.1", "standard"}, {"HTTPRoute", "v1.6.1", "standard"}}));
  });
}

TEST(ApiSource, AMissingKindComesAliveAndGoes) {
  run([](Reading& r) -> Task<void> {
    r.install("Gateway");
    r.start();
    co_await r.until_synced();
    EXPECT_FALSE(r.source->type_of("TLSRoute"));
    r.install("TLSRoute", 2);  // an older CRD: v1alpha2
    co_await r.until([&r] { return r.source->type_of("TLSRoute").has_value(); }, "TLSRoute");
    EXPECT_EQ(r.source->type_of("TLSRoute")->version, "v1alpha2");
    r.server.put_json(type_of("TLSRoute", 2), R"({"metadata":{"name":"t","namespace":"shop"},"spec":{"hostnames":["a.example"],"rules":[{"backendRefs":[{"name":"s","port":80}]}]}})");
    co_await r.until([&r] { return r.find<api::TLSRoute>("shop", "t"); }, "the route");

    // A newer CRD serves another version, and not the old one any more: what is held stays.
    r.server.put_json(type_of("TLSRoute"), R"({"metadata":{"name":"t","namespace":"shop"},"spec":{"hostnames":["a.example"],"rules":[{"backendRefs":[{"name":"s","port":80}]}]}})");
    r.install("TLSRoute", 0);
    r.server.remove_kind(type_of("TLSRoute", 2));
    co_await r.until([&r] {
      EXPECT_NE(r.find<api::TLSRoute>("shop", "t"), nullptr) << "not for a moment";
      const auto type = r.source->type_of("TLSRoute");
      return type && type->version == "v1";
    }, "v1");

    r.server.remove_kind(type_of("TLSRoute"));
    r.server.erase(kube::resource::kCustomResourceDefinitions, "", "tlsroutes.gateway.networking.k8s.io");
    co_await r.until([&r] { return !r.find<api::TLSRoute>("shop", "t"); }, "the route to go");
    EXPECT_FALSE(r.source->type_of("TLSRoute"));
  });
}

TEST(ApiSource, AfterAnOutageAServiceKeepsItsLastReadyEndpoints) {
  run([](Reading& r) -> Task<void> {
    const auto put_slice = [&r](bool ready, std::string_view address) {
      r.server.put_json(type_of("EndpointSlice"),
                        fmt::format(R"({{"metadata":{{"name":"s-1","namespace":"shop","labels":{{"kubernetes.io/service-name":"s"}}}},
                                        "addressType":"IPv4","endpoints":[{{"addresses":["{}"],"conditions":{{"ready":{}}}}}]}})", address, ready));
    };
    const auto ready = [&r](std::string_view address) {
      const auto* const slice = r.find<api::EndpointSlice>("shop", "s-1");
      return slice && slice->endpoints[0].addresses[0] == address && slice->endpoints[0].conditions.is_ready();
    };
    r.install("HTTPRoute");
    put_slice(true, "10.0.0.1");
    r.start();
    co_await r.until_synced();
    // An answer that takes as long as an outage: the server's thread is ours.
    r.server.intercept = [](const FakeRequest& request) -> std::optional<FakeAnswer> {
      if (request.path == "/slow") std::this_thread::sleep_for(kOutage);
      return std::nullopt;
    };
    (void)co_await r.client.read("/slow");
    put_slice(false, "10.0.0.1");
    r.put("Service", "shop", "after", R"("spec":{"ports":[{"port":80}]})");
    co_await r.until([&r] { return r.source->metrics().events.value() >= 3; }, "the slice and the Service to be told");
    EXPECT_TRUE(ready("10.0.0.1"));
    co_await r.until([&] { return !ready("10.0.0.1"); }, "the end of the grace");
  });
}

TEST(ApiSource, APoisonedObjectCostsItself) {
  run([](Reading& r) -> Task<void> {
    r.install("HTTPRoute");
    r.put("HTTPRoute", "shop", "good", kRouteSpec);
    r.put("HTTPRoute", "shop", "bad", R"("spec":{"rules":"none"})");
    r.put("HTTPRoute", "shop", "turns", kRouteSpec);
    r.start();
    co_await r.until_synced();
    EXPECT_NE(r.find<api::HTTPRoute>("shop", "good"), nullptr);
    EXPECT_EQ(r.find<api::HTTPRoute>("shop", "bad"), nullptr);
    r.put("HTTPRoute", "shop", "turns", R"("spec":{"rules":7})");
    co_await r.until([&r] { return r.source->problems().size() == 2; }, "the problem");
    EXPECT_NE(r.find<api::HTTPRoute>("shop", "turns"), nullptr) << "its last good version";
    r.put("HTTPRoute", "shop", "bad", kRouteSpec);
    co_await r.until([&r] { return r.find<api::HTTPRoute>("shop", "bad"); }, "the mended one");
    EXPECT_EQ(r.source->problems().size(), 1u);
  });
}

TEST(ApiSource, LooksOnlyAtTheNamespacesThatItIsTold) {
  run(
      [](Reading& r) -> Task<void> {
        r.install("HTTPRoute");
        r.put("HTTPRoute", "a", "r", kRouteSpec);
        r.put("HTTPRoute", "b", "r", kRouteSpec);
        r.put("HTTPRoute", "c", "r", kRouteSpec);
        r.start();
        co_await r.until_synced();
        EXPECT_NE(r.find<api::HTTPRoute>("a", "r"), nullptr);
        EXPECT_NE(r.find<api::HTTPRoute>("b", "r"), nullptr);
        EXPECT_EQ(r.find<api::HTTPRoute>("c", "r"), nullptr);
        EXPECT_EQ(r.server.count("GET", "/v1/httproutes"), 0u) << "what it may not read, it does not ask for";
      },
      {.namespaces = {"a", "b"}, .namespace_selector = {}});
}

TEST(ApiSource, FollowsTheLabelsOfNamespaces) {
  WatchScope scope;
  scope.namespace_selector = *api::parse_selector("team=shop");
  run(
      [](Reading& r) -> Task<void> {
        const auto put_namespace = [&r](std::string_view name, std::string_view team) {
          r.server.put_json(type_of("Namespace"), fmt::format(R"({{"metadata":{{"name":"{}","labels":{{"team":"{}"}}}}}})", name, team));
        };
        put_namespace("a", "shop");
        put_namespace("b", "other");
        r.install("HTTPRoute");
        r.put("HTTPRoute", "a", "r", kRouteSpec);
        r.put("HTTPRoute", "b", "r", kRouteSpec);
        r.start();
        co_await r.until_synced();
        EXPECT_NE(r.find<api::HTTPRoute>("a", "r"), nullptr);
        EXPECT_EQ(r.find<api::HTTPRoute>("b", "r"), nullptr);
        put_namespace("b", "shop");
        co_await r.until([&r] { return r.find<api::HTTPRoute>("b", "r"); }, "b to be looked at");
        put_namespace("a", "other");
        co_await r.until([&r] { return !r.find<api::HTTPRoute>("a", "r"); }, "a to be left");
      },
      scope);
}

}  // namespace
}  // namespace cardea::cluster::testing
