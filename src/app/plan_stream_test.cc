// SPDX-License-Identifier: Apache-2.0
// The stream of plans between our own two ends: what arrives, what is told back, who comes and goes.
#include <fmt/core.h>

#include <memory>
#include <string>
#include <vector>

#include "app/testing/plan_stream.h"
#include "plan/diff.h"
#include "plan/hash.h"

namespace cardea::app {
namespace {

using namespace testing;

STREAM_TEST(APlanArrivesAndIsReportedLive) {
  Controller controller(loop, authority);
  const auto plan = plan::sample_plan();
  controller.server.publish({plan});
  Proxy proxy(loop, folder.path(), {controller.address}, "a");
  EXPECT_EQ(controller.web().served, nullptr);
  WAIT_FOR(controller.web().served == plan);
  EXPECT_EQ(controller.web().ready_proxies, 1);
  EXPECT_EQ(proxy.applied.size(), 1u);
  EXPECT_EQ(plan::wire::id_of(*proxy.client->plan()), plan::wire::id_of(*plan));
  // The next one shares what did not change, and costs what did.
  const auto parts = proxy.client->metrics().parts.value();
  const auto next = plan::share(*plan, plan::sample_plan({.cart_address = "127.0.0.2"}));
  controller.server.publish({next});
  EXPECT_EQ(controller.web().served, plan);
  EXPECT_EQ(controller.web().laggards, std::vector<std::string>{"a"});
  WAIT_FOR(controller.web().served == next);
  EXPECT_EQ(proxy.client->metrics().parts.value(), parts + 1);
  EXPECT_EQ(proxy.applied.at(1)->routing, proxy.applied.at(0)->routing);
  co_await end(proxy);
  co_await controller.server.stop();
}

STREAM_TEST(NothingIsSentBeforeEverythingIsKnown) {
  Controller controller(loop, authority);
  Proxy proxy(loop, folder.path(), {controller.address}, "a");
  WAIT_FOR(proxy.client->metrics().failures.value() >= 2);
  EXPECT_TRUE(proxy.client->problems().at(0).ends_with("it answers 503: this controller does not have all objects yet"));
  EXPECT_FALSE(proxy.client->report().ready);
  controller.server.publish({plan::sample_plan()});
  WAIT_FOR(controller.web().served != nullptr);
  EXPECT_TRUE(proxy.client->problems().empty());
  co_await end(proxy);
  co_await controller.server.stop();
}

STREAM_TEST(OneControllerGivesAndAllAreTold) {
  Controller one(loop, authority), two(loop, authority);
  const auto plan = plan::sample_plan();
  one.server.publish({plan});
  two.server.publish({plan});
  Proxy proxy(loop, folder.path(), {one.address, two.address}, "a");
  WAIT_FOR(one.web().served == plan && two.web().served == plan);
  EXPECT_EQ(proxy.applied.size(), 1u);
  const auto next = with_path("/next");
  one.server.publish({next});
  two.server.publish({next});
  WAIT_FOR(one.web().served == next && two.web().served == next);
  EXPECT_EQ(proxy.applied.size(), 2u);
  // Either may go; the other one continues, without sending anything again.
  const auto parts = proxy.client->metrics().parts.value();
  co_await one.server.stop();
  WAIT_FOR(proxy.client->metrics().controllers.value() == 1);
  const auto last = plan::share(*next, plan::sample_plan({.cart_path = "/next", .cart_address = "127.0.0.3"}));
  two.server.publish({last});
  WAIT_FOR(two.web().served == last);
  EXPECT_EQ(proxy.client->metrics().parts.value(), parts + 1);
  EXPECT_EQ(proxy.applied.size(), 3u);
  co_await end(proxy);
  co_await two.server.stop();
}

STREAM_TEST(AControllerThatComesBackSendsNothingAgain) {
  auto first = std::make_unique<Controller>(loop, authority);
  const auto plan = plan::sample_plan();
  first->server.publish({plan});
  Proxy proxy(loop, folder.path(), {first->address}, "a");
  WAIT_FOR(first->web().served == plan);
  const std::uint16_t port = first->address.port;
  const auto parts = proxy.client->metrics().parts.value();
  co_await first->server.stop();
  first.reset();
  WAIT_FOR(proxy.client->metrics().failures.value() >= 2);
  EXPECT_TRUE(proxy.client->report().ready);  // with the last plan
  EXPECT_EQ(proxy.applied.size(), 1u);
  Controller again(loop, authority, port);
  const auto same = plan::sample_plan();  // made anew
  again.server.publish({same});
  WAIT_FOR(again.web().served == same);
  EXPECT_EQ(proxy.client->metrics().parts.value(), parts);
  EXPECT_EQ(proxy.applied.size(), 1u);  // nothing to do for the data plane either
  co_await end(proxy);
  co_await again.server.stop();
}

STREAM_TEST(ASlowProxyGetsTheNewestPlanAndHoldsUpNobody) {
  Controller controller(loop, authority);
  controller.server.publish({with_path("/0")});
  Proxy slow(loop, folder.path(), {controller.address}, "slow");
  Proxy fast(loop, folder.path(), {controller.address}, "fast");
  WAIT_FOR(controller.web().served && controller.web().laggards.empty());
  // While the slow one brings a plan live, a hundred others are made.
  plan::Ref<plan::Plan> newest;
  bool busy = true;
  slow.on_apply = [&] {
    if (!std::exchange(busy, false)) return;
    for (int i = 1; i <= 100; ++i) {
      newest = with_path(fmt::format("/{}", i));
      controller.server.publish({newest});
    }
  };
  controller.server.publish({with_path("/begin")});
  WAIT_FOR(newest && controller.web().served == newest);
  EXPECT_EQ(slow.applied.size(), 3u);
  EXPECT_LE(fast.applied.size(), 4u);
  co_await end(slow);
  co_await end(fast);
  co_await controller.server.stop();
}

STREAM_TEST(TheSlowestReadyProxyIsNamed) {
  Controller controller(loop, authority);
  const auto plan = plan::sample_plan();
  controller.server.publish({plan});
  Proxy a(loop, folder.path(), {controller.address}, "a");
  Proxy b(loop, folder.path(), {controller.address}, "b");
  WAIT_FOR(controller.web().ready_proxies == 2 && controller.web().served == plan);
  const auto next = with_path("/next");
  bool seen = false;
  b.on_apply = [&] { seen = controller.web().served == plan && controller.web().laggards.back() == "b"; };
  controller.server.publish({next});
  WAIT_FOR(controller.web().served == next);
  EXPECT_TRUE(seen);
  // One that is on its way out is not waited for, though it still gets plans.
  b.client->begin_drain();
  WAIT_FOR(controller.web().ready_proxies == 1);
  co_await end(a);
  co_await end(b);
  co_await controller.server.stop();
}

STREAM_TEST(WhatWasRefusedIsReportedAndTheRestIsLive) {
  Controller controller(loop, authority);
  plan::Plan changed = *plan::sample_plan();
  changed.settings = plan::seal(plan::Settings{{{"limits.maxMoons", "3"}}, {}});
  const auto plan = plan::seal(changed);
  controller.server.publish({plan});
  Proxy proxy(loop, folder.path(), {controller.address}, "a");
  proxy.answer.refusals = {{kWeb, "certificate shop/certificate", "it does not load"}};
  proxy.answer.bind_failures = {{"0.0.0.0", 8080, "Address already in use"}};
  WAIT_FOR(controller.web().served == plan);
  const auto web = controller.web();
  EXPECT_EQ(web.refusals, (std::vector<translate::Refusal>{{"settings", "limits.maxMoons is no setting"},
                                                           {"certificate shop/certificate", "it does not load"}}));
  EXPECT_EQ(web.bind_failures, (std::vector<translate::BindFailure>{{"0.0.0.0", 8080, "Address already in use", false}}));
  EXPECT_EQ(proxy.applied.at(0)->routing->listeners.size(), plan->routing->listeners.size());
  // What can be bound later is told later.
  proxy.answer = {{"0.0.0.0"}, {}, {}};
  proxy.client->apply_again();
  WAIT_FOR(controller.web().bind_failures.empty());
  co_await end(proxy);
  co_await controller.server.stop();
}

// As where a controller has an address of each family.
STREAM_TEST(TwoWaysToOneController) {
  Controller controller(loop, authority);
  const auto second = controller.server.listen({*base::parse_ip("127.0.0.1"), 0});
  EXPECT_TRUE(second);
  const auto plan = plan::sample_plan();
  controller.server.publish({plan});
  Proxy proxy(loop, folder.path(), {controller.address, *second}, "a");
  WAIT_FOR(proxy.client->metrics().controllers.value() == 2 && controller.web().served == plan);
  EXPECT_EQ(controller.web().ready_proxies, 1);
  const auto next = with_path("/next");
  controller.server.publish({next});
  WAIT_FOR(controller.web().served == next);
  EXPECT_EQ(proxy.applied.size(), 2u);
  co_await end(proxy);
  co_await controller.server.stop();
}

STREAM_TEST(AGatewayThatIsGoneServesNothing) {
  Controller controller(loop, authority);
  controller.server.publish({plan::sample_plan()});
  Proxy proxy(loop, folder.path(), {controller.address}, "a");
  WAIT_FOR(proxy.applied.size() == 1);
  controller.server.publish({});
  WAIT_FOR(proxy.applied.size() == 2);
  EXPECT_TRUE(proxy.applied.at(1)->routing->listeners.empty());
  co_await end(proxy);
  co_await controller.server.stop();
}

}  // namespace
}  // namespace cardea::app
