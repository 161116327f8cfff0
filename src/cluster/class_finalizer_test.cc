// SPDX-License-Identifier: Apache-2.0
#include "cluster/class_finalizer.h"

#include <functional>
#include <memory>

#include <gtest/gtest.h>

#include "kube/testing/fake_api_server.h"

namespace cardea::cluster {
namespace {

using async::Task;
using kube::testing::FakeAnswer;
using kube::testing::FakeApiServer;
using kube::testing::FakeRequest;

const kube::ResourceType kClasses{"gateway.networking.k8s.io", "v1", "gatewayclasses", false};

api::Resources resources_with(bool gateway) {
  api::Resources resources;
  for (const auto& [name, controller] : {std::pair("ours", "cardea.dev/gateway-controller"), std::pair("theirs", "example.net/x")}) {
    api::GatewayClass gateway_class;
    gateway_class.metadata.name = name;
    gateway_class.metadata.uid = std::string("uid-") + name;
    gateway_class.spec.controller_name = controller;
    resources.put(std::make_shared<const api::GatewayClass>(gateway_class));
  }
  for (const char* name : {"ours", "theirs"}) {
    if (!gateway) continue;
    api::Gateway made;
    made.metadata.namespace_ = "shop";
    made.metadata.name = name;
    made.spec.gateway_class_name = name;
    resources.put(std::make_shared<const api::Gateway>(made));
  }
  return resources;
}

class Setting {
 public:
  explicit Setting(async::Loop& loop) : loop_(loop), server(loop), client(loop, server.config()), finalizer(client, "cardea.dev/gateway-controller"), tasks_(loop) {
    server.add_kind(kClasses, "GatewayClass");
    tasks_.spawn(&Setting::run, this);
  }
  Task<void> finish() {
    stop_.request(loop_);
    co_await tasks_.close();
    co_await server.stop();
  }
  Task<void> until(const char* what, std::function<bool()> so) {
    const auto deadline = loop_.after(10'000);
    while (!so()) {
      if (co_await async::wait_any(loop_, deadline, server.changed()) != async::Wake::Signalled) {
        ADD_FAILURE() << "waited for: " << what;
        co_return;
      }
    }
  }
  std::size_t finalizers() const {
    const base::Value* object = server.find(kClasses, "", "ours");
    const base::Value* found = object ? kube::value_at(*object, {"metadata", "finalizers"}) : nullptr;
    return found && found->is_array() ? found->as_array().size() : 0;
  }

 private:
  static Task<void> run(Setting* self) { co_await self->finalizer.run(async::StopToken(self->stop_)); }

  async::Loop& loop_;
  async::StopSource stop_;

 public:
  FakeApiServer server;
  kube::Client client;
  ClassFinalizer finalizer;

 private:
  async::TaskScope tasks_;
};

TEST(ClassFinalizer, StandsWhileAGatewayUsesTheClass) {
  async::Loop loop;
  const auto scenario = [](async::Loop& its_loop) -> Task<void> {
    Setting setting(its_loop);
    setting.finalizer.want(resources_with(true));
    EXPECT_EQ(setting.server.requests.size(), 0u);  // it does not lead yet
    int refused = 1;
    setting.server.intercept = [&refused](const FakeRequest&) -> std::optional<FakeAnswer> {
      if (refused-- > 0) return kube::testing::refuse(500, "InternalError");
      return std::nullopt;
    };
    setting.finalizer.set_leader(true);
    co_await setting.until("the finalizer", [&] { return setting.finalizers() == 1; });
    EXPECT_EQ(setting.server.count("PATCH", "theirs"), 0u);
    const auto written = setting.server.requests.size();
    setting.finalizer.want(resources_with(true));  // nothing new
    co_await its_loop.yield();
    EXPECT_EQ(setting.server.requests.size(), written);
    setting.finalizer.want(resources_with(false));
    co_await setting.until("what says that it may go", [&] {
      const base::Value* metadata = setting.server.requests.back().body.find("metadata");
      return metadata && !metadata->find("finalizers");
    });
    co_await setting.finish();
  };
  loop.run(scenario(loop));
}

}  // namespace
}  // namespace cardea::cluster
