// SPDX-License-Identifier: Apache-2.0
// Reading: for tests: an API server, an ApiSource that reads it, and what the control loop would hold.
#pragma once

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "cluster/api_source.h"
#include "control/store.h"
#include "kube/testing/fake_api_server.h"

namespace cardea::cluster::testing {

using async::Task;
using kube::testing::FakeAnswer;
using kube::testing::FakeApiServer;
using kube::testing::FakeRequest;

inline kube::ResourceType type_of(std::string_view kind, std::size_t version = 0) {
  const KindRule& rule = *find_kind(kind);
  return {std::string(rule.group), std::string(rule.versions[version]), std::string(rule.plural), rule.namespaced};
}

inline constexpr std::chrono::milliseconds kOutage{200};
inline constexpr std::chrono::milliseconds kGrace{2'000};

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
inline Task<int> with_reading(async::Loop& loop, Test test, WatchScope scope) {
  Reading reading(loop, scope);
  co_await test(reading);
  co_await reading.source->stop();
  co_await reading.server.stop();
  co_return 0;
}
inline void run(Test test, WatchScope scope = {}) {
  async::Loop loop;
  loop.run(with_reading(loop, test, scope));
}

}  // namespace cardea::cluster::testing
