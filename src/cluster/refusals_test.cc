// SPDX-License-Identifier: Apache-2.0
// From what a proxy reports to what people see: the Gateway's condition as it would stand on the object, and Events.
#include "cluster/refusals.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "api/decode.h"
#include "base/json.h"
#include "cluster/status_merge.h"
#include "control/control_loop.h"
#include "kube/testing/fake_api_server.h"

namespace cardea::cluster {
namespace {

using async::Task;

constexpr std::string_view kController = "cardea.dev/gateway-controller";
const plan::ObjectName kWeb{"shop", "web"};

api::Object object(std::string_view text) {
  const auto decoded = api::decode(*base::parse_json(text), api::DecodeMode::Lenient);
  return std::get<api::Object>(decoded.at(0).outcome);
}

// One proxy, which serves what it is told and refuses what the test says.
class OneProxy final : public control::PlanSink {
 public:
  void publish(const plan::PlanSet& plans) override { served = plans.empty() ? nullptr : plans.front(); }
  translate::Observed observed() const override {
    translate::Observed observed;
    auto& web = observed.gateways[kWeb];
    web.served = served;
    web.ready_proxies = 1;
    web.addresses = {"192.0.2.7"};
    web.refusals = refusals;
    return observed;
  }
  plan::Ref<plan::Plan> served;
  std::vector<translate::Refusal> refusals;
};

class LastStatuses final : public control::StatusSink {
 public:
  void write(const control::Statuses& statuses) override { last = statuses; }
  control::Statuses last;
};

class Controller {
 public:
  explicit Controller(async::Loop& loop) : server(loop), client_(loop, server.config()), events_(client_), control_(options(), proxy, statuses_) {
    server.add_kind(kube::resource::kEvents, "Event");
    control_.inbox().put(object(R"({"apiVersion":"gateway.networking.k8s.io/v1","kind":"GatewayClass","metadata":{"name":"c"},
        "spec":{"controllerName":"cardea.dev/gateway-controller"}})"));
    control_.inbox().put(object(R"({"apiVersion":"gateway.networking.k8s.io/v1","kind":"Gateway","metadata":{"name":"web","namespace":"shop","uid":"u-1","generation":1},
        "spec":{"gatewayClassName":"c","listeners":[{"name":"http","port":80,"protocol":"HTTP"}]}})"));
    control_.inbox().mark_synced();
  }

  // As after each report of a proxy: translates, "writes" the status, and waits until every Event is there.
  Task<void> work() {
    control_.run();
    tell_refusals(events_, control_.resources(), control_.observed());
    for (const auto& status : statuses_.last) {
      if (status->object.kind != "Gateway") continue;
      live_ = merge_status("Gateway", live_, translate::to_value(status->status), {kController, "2026-01-02T03:04:05Z"});
    }
    co_await events_.close();
  }

  // "True PartsRefused: message" as it stands on the Gateway; empty: none.
  std::string condition(std::string_view type) const {
    for (const base::Value& each : live_.find("conditions")->as_array()) {
      if (kube::text_at(each, {"type"}) != type) continue;
      return fmt::format("{} {}: {}", kube::text_at(each, {"status"}), kube::text_at(each, {"reason"}), kube::text_at(each, {"message"}));
    }
    return {};
  }
  std::vector<std::string> events() const {
    std::vector<std::string> said;
    for (const auto& request : server.requests) {
      if (request.method != "POST" || !request.path.ends_with("/namespaces/shop/events")) continue;
      said.push_back(fmt::format("{} {}: {}", kube::text_at(request.body, {"involvedObject", "name"}), kube::text_at(request.body, {"reason"}),
                                 kube::text_at(request.body, {"message"})));
    }
    return said;
  }

 private:
  static translate::Options options() {
    translate::Options options;
    options.controller_name = kController;
    options.shared_machine = false;
    return options;
  }

 public:
  kube::testing::FakeApiServer server;
  OneProxy proxy;

 private:
  kube::Client client_;
  Events events_;
  LastStatuses statuses_;
  control::ControlLoop control_;
  base::Value live_;
};

Task<int> refused_and_taken(async::Loop& loop) {
  constexpr std::string_view kType = translate::condition::kRefusedByProxies;
  auto controller = std::make_unique<Controller>(loop);
  co_await controller->work();
  EXPECT_TRUE(controller->condition("Programmed").starts_with("True Programmed")) << controller->condition("Programmed");
  EXPECT_EQ(controller->condition(kType), "");

  const std::vector<translate::Refusal> refusals{{"rule HTTPRoute shop/cart/0", "teleport is not known"}, {"settings", "limits.maxMoons is no setting"}};
  controller->proxy.refusals = refusals;
  co_await controller->work();
  const std::string refused = "True PartsRefused: rule HTTPRoute shop/cart/0: teleport is not known; settings: limits.maxMoons is no setting";
  EXPECT_EQ(controller->condition(kType), refused);
  const std::string said = "web PartsRefused: Proxies refused rule HTTPRoute shop/cart/0: teleport is not known (and 1 more: see the Gateway's status)";
  EXPECT_EQ(controller->events(), std::vector{said});

  co_await controller->work();
  EXPECT_EQ(controller->condition(kType), refused);
  EXPECT_EQ(controller->events(), std::vector{said}) << "once";

  controller->proxy.refusals.clear();
  co_await controller->work();
  EXPECT_EQ(controller->condition(kType), "") << "it goes with the refusal";
  EXPECT_EQ(controller->events(), std::vector{said});

  controller->proxy.refusals = refusals;
  co_await controller->work();
  EXPECT_EQ(controller->condition(kType), refused);
  EXPECT_EQ(controller->events(), (std::vector{said, said})) << "it came back";
  co_await controller->server.stop();
  co_return 0;
}

TEST(Refusals, AreAConditionAndOneEventAsLongAsTheyLast) {
  async::Loop loop;
  loop.run(refused_and_taken(loop));
}

}  // namespace
}  // namespace cardea::cluster
