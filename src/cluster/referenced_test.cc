// SPDX-License-Identifier: Apache-2.0
// In an ApiSource, which tells it what there is.
#include "cluster/referenced.h"

#include <gtest/gtest.h>

#include "cluster/testing/reading.h"

namespace cardea::cluster::testing {
namespace {

TEST(Referenced, HoldsOnlyReferencedSecretsAndAGatewayComesAfterIts) {
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
    EXPECT_EQ(r.source->referenced().reads().value(), 3u);

    r.put_secret("missing", "eA==");
    co_await r.until([&r] { return r.secret("missing") == "x"; }, "the Secret that was missing");
    r.server.erase(type_of("Secret"), "shop", "wanted");
    co_await r.until([&r] { return r.secret("wanted") == "none"; }, "the deleted Secret to go");
    r.put_gateway("without", "wanted");
    co_await r.until([&r] { return r.secret("missing") == "none"; }, "the Secret that nobody refers to any more");
    EXPECT_EQ(r.source->referenced().size(), 1u);
  });
}

// Who still has the old Gateway would be without a certificate else, for as long as the new one is being read.
TEST(Referenced, WhatAnObjectReferredToStaysUntilItsNewVersionIsSeen) {
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
    co_await r.until([&r] { return r.source->referenced().size() == 1; }, "the Gateway to go back");
    EXPECT_EQ(r.secret("old"), "one2");
    r.put_gateway("g", "new");
    co_await r.until([&r] { return r.source->referenced().size() == 2; }, "the Gateway to change again");
    EXPECT_EQ(r.secret("old"), "one2");
    EXPECT_EQ(r.certificate_of("g"), "old");

    r.server.end_delays();
    co_await r.until([&r] {
      EXPECT_EQ(r.secret("old") == "one2", r.certificate_of("g") == "old") << "they go together";
      EXPECT_EQ(r.secret("new") == "two", r.certificate_of("g") == "new") << "they come together";
      return r.certificate_of("g") == "new";
    }, "the new Gateway");
    EXPECT_EQ(r.source->referenced().size(), 1u);
  });
}

// What makes the reference another is a ReferenceGrant here: it is that which waits, and keeps.
TEST(Referenced, WhatAGrantNoMorePermitsStaysUntilTheGrantIsSeen) {
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
    EXPECT_EQ(r.source->referenced().size(), 0u);
    grant("b");
    co_await r.until([&r] { return r.source->referenced().size() == 1; }, "the grant to be looked at");
    EXPECT_FALSE(permits("b")) << "not before the Secret";
    r.server.end_delays();
    co_await r.until([&] { return permits("b"); }, "the grant");
    EXPECT_TRUE(has("b") && !has("a"));
  });
}

TEST(Referenced, ASecretThatIsWantedAgainWhileItIsReadIsWaitedFor) {
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

TEST(Referenced, ASecretThatCannotBeReadHoldsNothingUpForLong) {
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
TEST(Referenced, SecretsOfOtherControllersGatewaysAreNotRead) {
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
    EXPECT_EQ(r.source->referenced().size(), 0u);
  });
}

TEST(Referenced, ARouteComesAfterTheBundleOfAPolicyThatBecomesOurs) {
  run([](Reading& r) -> Task<void> {
    for (const char* kind : {"Gateway", "GatewayClass", "HTTPRoute", "BackendTLSPolicy"}) r.install(kind);
    r.put_class("ours");
    r.put_gateway("g", "none");
    r.put("ConfigMap", "shop", "ca", R"("data":{"ca.crt":"x"})");
    r.put("BackendTLSPolicy", "shop", "p",
          R"("spec":{"targetRefs":[{"group":"","kind":"Service","name":"s"}],"validation":{"hostname":"s.example","caCertificateRefs":[{"group":"","kind":"ConfigMap","name":"ca"}]}})");
    r.start();
    co_await r.until_synced();
    EXPECT_NE(r.find<api::BackendTLSPolicy>("shop", "p"), nullptr);
    EXPECT_EQ(r.find<api::ConfigMap>("shop", "ca"), nullptr) << "nobody sends to its Service";
    EXPECT_EQ(r.server.count("GET", "/configmaps/"), 0u);
    r.put("HTTPRoute", "shop", "r", R"("spec":{"parentRefs":[{"name":"g"}],"rules":[{"backendRefs":[{"name":"s","port":80}]}]})");
    co_await r.until([&r] {
      const bool routed = r.find<api::HTTPRoute>("shop", "r");
      if (routed) EXPECT_NE(r.find<api::ConfigMap>("shop", "ca"), nullptr) << "not without it";
      return routed;
    }, "the route");
    r.server.erase(type_of("HTTPRoute"), "shop", "r");
    co_await r.until([&r] { return !r.find<api::ConfigMap>("shop", "ca"); }, "the bundle to go with the route");
  });
}

}  // namespace
}  // namespace cardea::cluster::testing
