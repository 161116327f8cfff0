// SPDX-License-Identifier: Apache-2.0
#include "cluster/api_source.h"

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <thread>

#include "api/selector_text.h"
#include "control/store.h"
#include "kube/testing/fake_api_server.h"

namespace cardea::cluster {
namespace {

using async::Task;
using kube::testing::FakeAnswer;
using kube::testing::FakeApiServer;
using kube::testing::FakeRequest;

kube::ResourceType type_of(std::string_view kind, std::size_t version = 0) {
  const KindRule& rule = *find_kind(kind);
  return {std::string(rule.group), std::string(rule.versions[version]), std::string(rule.plural), rule.namespaced};
}

constexpr std::chrono::milliseconds kOutage{200};
constexpr std::chrono::milliseconds kGrace{2'000};

// A server, a source that reads it, and what the control loop would hold.
class Reading {
 public:
  explicit Reading(async::Loop& loop, WatchScope scope = {}) : loop_(loop), server(loop), client(loop, server.config(), {.outage = kOutage}) {
    kube::ReflectorOptions options;
    options.first_wait = std::chrono::milliseconds(10);
    source = std::make_unique<ApiSource>(client, statuses, "ours", std::move(scope), options, kGrace);
    server.add_kind(kube::resource::kCustomResourceDefinitions, "CustomResourceDefinition");
    for (const KindRule& rule : kinds()) {
      if (!rule.optional) server.add_kind(type_of(rule.kind), std::string(rule.kind));
    }
  }
  void install(std::string_view kind, std::size_t version = 0) {
    server.add_kind(type_of(kind, version), std::string(kind));
    const KindRule& rule = *find_kind(kind);
    server.put_json(kube::resource::kCustomResourceDefinitions,
                    fmt::format(R"({{"metadata":{{"name":"{}.{}","annotations":{{"gateway.networking.k8s.io/bundle-version":"v1.6.1",
                                    "gateway.networking.k8s.io/channel":"standard"}},"labels":{{"n":"{}"}}}}}})",
                                rule.plural, rule.group, version));
  }
  void put(std::string_view kind, std::string_view namespace_, std::string_view name, std::string_view rest) {
    server.put_json(type_of(kind), fmt::format(R"({{"metadata":{{"name":"{}","namespace":"{}"}},{}}})", name, namespace_, rest));
  }
  void put_class(std::string_view controller) {
    server.put_json(type_of("GatewayClass"), fmt::format(R"({{"metadata":{{"name":"c"}},"spec":{{"controllerName":"{}"}}}})", controller));
  }
  void put_gateway(std::string_view name, std::string_view certificate) {
    put("Gateway", "shop", name,
        fmt::format(R"("spec":{{"gatewayClassName":"c","listeners":[{{"name":"a","port":443,"protocol":"HTTPS","tls":{{"certificateRefs":[{{"name":"{}"}}]}}}}]}})",
                    certificate));
  }
  void put_secret(std::string_view name, std::string_view value) {
    put("Secret", "shop", name, fmt::format(R"("type":"Opaque","data":{{"k":"{}"}})", value));
  }

  void start() { EXPECT_TRUE(source->start(inbox)); }
  Task<bool> until(std::function<bool()> holds, const char* what) {
    const auto deadline = loop_.after(5000);
    for (;;) {
      if (inbox.synced()) changes += store.apply(inbox.take());
      if (holds()) co_return true;
      if (loop_.now() >= deadline) break;
      co_await async::wait_any(loop_, loop_.after(20), source->changed());
    }
    ADD_FAILURE() << "waited for: " << what << "; the source waits for: " << source->waiting_for();
    co_return false;
  }
  Task<bool> until_synced() {
    co_return co_await until([this] { return inbox.synced(); }, "the first full picture");
  }
  template <class Kind>
  const Kind* find(std::string_view namespace_, std::string_view name) {
    return store.snapshot().all<Kind>().find(namespace_, name);
  }
  std::string secret(std::string_view name) {
    const auto* const found = find<api::Secret>("shop", name);
    return found && found->data.find("k") ? *found->data.find("k") : "none";
  }
  std::string certificate_of(std::string_view gateway) {
    const auto* const found = find<api::Gateway>("shop", gateway);
    return found ? found->spec.listeners[0].tls->certificate_refs[0].name : "none";
  }

 private:
  async::Loop& loop_;

 public:
  FakeApiServer server;
  kube::Client client;
  LiveStatuses statuses;
  std::unique_ptr<ApiSource> source;
  control::Inbox inbox;
  control::Store store;
  std::size_t changes = 0;
};

using Test = Task<void> (*)(Reading&);
Task<int> with_reading(async::Loop& loop, Test test, WatchScope scope) {
  Reading reading(loop, scope);
  co_await test(reading);
  co_await reading.source->stop();
  co_await reading.server.stop();
  co_return 0;
}
void run(Test test, WatchScope scope = {}) {
  async::Loop loop;
  loop.run(with_reading(loop, test, scope));
}

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

TEST(ApiSource, HoldsOnlyReferencedSecretsAndAGatewayComesAfterIts) {
  run([](Reading& r) -> Task<void> {
    r.install("Gateway");
    r.install("GatewayClass");
    r.put_class("ours");
    r.put_secret("wanted", "b25l");  // one
    for (int i = 0; i < 20; ++i) r.put_secret(fmt::format("other{}", i), "eA==");
    r.put_gateway("g", "wanted");
    r.put_gateway("without", "missing");
    r.start();
    co_await r.until_synced();
    EXPECT_EQ(r.secret("wanted"), "one");
    EXPECT_NE(r.find<api::Gateway>("shop", "without"), nullptr) << "goes on without it";
    EXPECT_EQ(r.store.snapshot().all<api::Secret>().size(), 1u);
    for (const FakeRequest& request : r.server.requests) {
      if (request.path.ends_with("/secrets")) EXPECT_TRUE(request.accept.contains("PartialObjectMetadata")) << request.path;
    }

    const auto before = r.changes;
    for (int round = 0; round < 10; ++round) {
      for (int i = 0; i < 20; ++i) r.put_secret(fmt::format("other{}", i), round % 2 ? "eA==" : "eQ==");
    }
    r.put_secret("wanted", "dHdv");  // two
    co_await r.until([&r] { return r.secret("wanted") == "two"; }, "the rotated Secret");
    EXPECT_EQ(r.changes, before + 1) << "unrelated Secrets change nothing";
    EXPECT_EQ(r.source->metrics().reads.value(), 3u);

    r.put_secret("missing", "eA==");
    co_await r.until([&r] { return r.secret("missing") == "x"; }, "the Secret that was missing");
    r.server.erase(type_of("Secret"), "shop", "wanted");
    co_await r.until([&r] { return r.secret("wanted") == "none"; }, "the deleted Secret to go");
    r.put_gateway("without", "wanted");
    co_await r.until([&r] { return r.secret("missing") == "none"; }, "the Secret that nobody refers to any more");
    EXPECT_EQ(r.source->referenced(), 1u);
  });
}

// Who still has the old Gateway would be without a certificate else, for as long as the new one is being read.
TEST(ApiSource, WhatAnObjectReferredToStaysUntilItsNewVersionIsSeen) {
  run([](Reading& r) -> Task<void> {
    r.install("Gateway");
    r.install("GatewayClass");
    r.put_class("ours");
    r.put_secret("old", "b25l");  // one
    r.put_secret("new", "dHdv");  // two
    r.put_gateway("g", "old");
    r.start();
    co_await r.until_synced();
    const auto asked = [&r](std::string_view name) { return r.server.count("GET", fmt::format("/secrets/{}", name)); };
    r.server.delays = [](const FakeRequest& request) { return request.path.ends_with("/secrets/new"); };
    r.put_gateway("g", "new");
    co_await r.until([&] { return asked("new") == 1; }, "the new Secret to be asked for");
    EXPECT_EQ(r.secret("old"), "one");
    EXPECT_EQ(r.certificate_of("g"), "old");

    // It may still be rotated, and the Gateway may change its mind: nothing of that is seen before its time.
    r.put_secret("old", "b25lMg==");  // one2
    co_await r.until([&r] { return r.secret("old") == "one2"; }, "the rotated old Secret");
    r.put_gateway("g", "old");
    co_await r.until([&r] { return r.source->referenced() == 1; }, "the Gateway to go back");
    EXPECT_EQ(r.secret("old"), "one2");
    r.put_gateway("g", "new");
    co_await r.until([&r] { return r.source->referenced() == 2; }, "the Gateway to change again");
    EXPECT_EQ(r.secret("old"), "one2");
    EXPECT_EQ(r.certificate_of("g"), "old");

    r.server.end_delays();
    co_await r.until([&r] {
      EXPECT_EQ(r.secret("old") == "one2", r.certificate_of("g") == "old") << "they go together";
      EXPECT_EQ(r.secret("new") == "two", r.certificate_of("g") == "new") << "they come together";
      return r.certificate_of("g") == "new";
    }, "the new Gateway");
    EXPECT_EQ(r.source->referenced(), 1u);
  });
}

// What makes the reference another is a ReferenceGrant here: it is that which waits, and keeps.
TEST(ApiSource, WhatAGrantNoMorePermitsStaysUntilTheGrantIsSeen) {
  run([](Reading& r) -> Task<void> {
    const auto grant = [&r](std::string_view name) {
      r.put("ReferenceGrant", "certs", "r", fmt::format(R"("spec":{{"from":[{{"group":"gateway.networking.k8s.io","kind":"Gateway","namespace":"shop"}}],
                                                          "to":[{{"group":"","kind":"Secret","name":"{}"}}]}})", name));
    };
    const auto has = [&r](std::string_view name) { return r.find<api::Secret>("certs", name) != nullptr; };
    const auto permits = [&r](std::string_view name) {
      const auto* const known = r.find<api::ReferenceGrant>("certs", "r");
      return known && known->spec.to[0].name == name;
    };
    for (const char* kind : {"Gateway", "GatewayClass", "ReferenceGrant"}) r.install(kind);
    r.put_class("ours");
    for (const char* name : {"a", "b"}) r.put("Secret", "certs", name, R"("type":"Opaque","data":{"k":"eA=="})");
    r.put("Gateway", "shop", "g", R"("spec":{"gatewayClassName":"c","listeners":[{"name":"a","port":443,"protocol":"HTTPS",
        "tls":{"certificateRefs":[{"name":"a","namespace":"certs"},{"name":"b","namespace":"certs"}]}}]})");
    grant("a");
    r.start();
    co_await r.until_synced();
    EXPECT_TRUE(has("a"));
    r.server.delays = [](const FakeRequest& request) { return request.path.ends_with("/secrets/b"); };
    grant("b");
    co_await r.until([&r] { return r.server.count("GET", "/secrets/b") == 1; }, "the other Secret to be asked for");
    EXPECT_TRUE(has("a") && permits("a"));
    // The grant goes: at once, whatever it waited for.
    r.server.erase(type_of("ReferenceGrant"), "certs", "r");
    co_await r.until([&] { return !r.find<api::ReferenceGrant>("certs", "r"); }, "the grant to go");
    EXPECT_FALSE(has("a"));
    EXPECT_EQ(r.source->referenced(), 0u);
    grant("b");
    co_await r.until([&r] { return r.source->referenced() == 1; }, "the grant to be looked at");
    EXPECT_FALSE(permits("b")) << "not before the Secret";
    r.server.end_delays();
    co_await r.until([&] { return permits("b"); }, "the grant");
    EXPECT_TRUE(has("b") && !has("a"));
  });
}

TEST(ApiSource, ASecretThatIsWantedAgainWhileItIsReadIsWaitedFor) {
  run([](Reading& r) -> Task<void> {
    r.install("Gateway");
    r.install("GatewayClass");
    r.put_class("ours");
    r.put_secret("a", "b25l");  // one
    r.put_secret("b", "dHdv");  // two
    r.put_gateway("g", "a");
    r.start();
    co_await r.until_synced();
    r.server.delays = [](const FakeRequest& request) { return request.path.ends_with("/secrets/a"); };
    r.put_secret("a", "b25lMg==");  // one2
    co_await r.until([&r] { return r.server.count("GET", "/secrets/a") == 2; }, "the rotated Secret to be asked for");
    r.put_gateway("g", "b");
    co_await r.until([&r] { return r.certificate_of("g") == "b"; }, "the Gateway to leave it");
    EXPECT_EQ(r.secret("a"), "none");
    const auto events = r.source->metrics().events.value();
    r.put_gateway("g", "a");
    co_await r.until([&] { return r.source->metrics().events.value() > events; }, "the Gateway to come back to it");
    EXPECT_EQ(r.certificate_of("g"), "b");
    EXPECT_EQ(r.secret("b"), "two");
    r.server.end_delays();
    co_await r.until([&r] { return r.certificate_of("g") == "a"; }, "the Gateway");
    EXPECT_EQ(r.secret("a"), "one2");
    EXPECT_EQ(r.secret("b"), "none");
  });
}

TEST(ApiSource, ASecretThatCannotBeReadHoldsNothingUpForLong) {
  run([](Reading& r) -> Task<void> {
    r.install("Gateway");
    r.install("GatewayClass");
    r.put_class("ours");
    r.put_secret("wanted", "b25l");
    r.put_gateway("g", "wanted");
    r.server.intercept = [](const FakeRequest& request) -> std::optional<FakeAnswer> {
      if (request.path.ends_with("/secrets/wanted")) return kube::testing::refuse(403, "Forbidden");
      return std::nullopt;
    };
    r.start();
    co_await r.until_synced();
    EXPECT_NE(r.find<api::Gateway>("shop", "g"), nullptr);
    EXPECT_EQ(r.source->problems().size(), 1u);
    r.server.intercept = nullptr;
    co_await r.until([&r] { return r.secret("wanted") == "one"; }, "the Secret");
    EXPECT_EQ(r.source->problems().size(), 0u);
  });
}

// Neither the class nor a ReferenceGrant is seen before what becomes readable by it was read.
TEST(ApiSource, SecretsOfOtherControllersGatewaysAreNotRead) {
  run([](Reading& r) -> Task<void> {
    r.install("Gateway");
    r.install("GatewayClass");
    r.put_class("theirs");
    r.put_secret("wanted", "b25l");
    r.put_gateway("g", "wanted");
    r.start();
    co_await r.until_synced();
    EXPECT_EQ(r.secret("wanted"), "none");
    EXPECT_EQ(r.server.count("GET", "/secrets/"), 0u);
    r.server.erase(type_of("GatewayClass"), "", "c");
    r.put_class("ours");
    co_await r.until([&r] {
      const auto* const known = r.find<api::GatewayClass>("", "c");
      if (known && known->spec.controller_name == "ours") EXPECT_EQ(r.secret("wanted"), "one") << "not without it";
      return r.secret("wanted") == "one";
    }, "the Secret");
    r.server.erase(type_of("GatewayClass"), "", "c");
    co_await r.until([&r] { return r.secret("wanted") == "none"; }, "the Secret to go with the class");
    EXPECT_EQ(r.source->referenced(), 0u);
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
}  // namespace cardea::cluster
