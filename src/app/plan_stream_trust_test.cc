// SPDX-License-Identifier: Apache-2.0
// Who may have which plan, and whom a proxy believes.
#include <functional>
#include <memory>
#include <vector>

#include "app/testing/plan_stream.h"

namespace cardea::app {
namespace {

using namespace testing;

STREAM_TEST(OnlyTheGatewaysOwnAccountGetsItsPlan) {
  Controller controller(loop, authority);
  controller.server.publish({plan::sample_plan()});
  Proxy stranger(loop, folder.path(), {controller.address}, "stranger", "shop/other");
  Proxy nobody(loop, folder.path(), {controller.address}, "nobody", "garbage");
  WAIT_FOR(controller.server.metrics().refused.value() >= 4);
  EXPECT_EQ(stranger.client->problems().at(0).substr(stranger.client->problems().at(0).find(": ") + 2),
            "it answers 403: ServiceAccount shop/other runs no proxy of a Gateway that is served here");
  EXPECT_TRUE(nobody.client->problems().at(0).ends_with("it answers 401: no such token")) << nobody.client->problems().at(0);
  EXPECT_TRUE(stranger.applied.empty());
  EXPECT_TRUE(nobody.applied.empty());
  // Who is permitted later need not be told: it asks again.
  controller.server.permit({{kAccount, kWeb}, {{"shop", "other"}, kWeb}});
  WAIT_FOR(stranger.applied.size() == 1);
  co_await end(stranger);
  co_await end(nobody);
  co_await controller.server.stop();
}

STREAM_TEST(AControllerMustBeOfTheCa) {
  const Authority other;
  Controller controller(loop, other);
  controller.server.publish({plan::sample_plan()});
  Proxy proxy(loop, folder.path(), {controller.address}, "a");
  WAIT_FOR(proxy.client->metrics().failures.value() >= 2);
  EXPECT_TRUE(proxy.client->problems().at(0).contains("TLS: ")) << proxy.client->problems().at(0);
  EXPECT_TRUE(proxy.applied.empty());
  // The file is read anew: that is how a CA is replaced.
  trust(other);
  WAIT_FOR(proxy.applied.size() == 1);
  co_await end(proxy);
  co_await controller.server.stop();
}

// As cluster/ca_rotation.h goes about it: the next CA is trusted before it signs, the one before after that.
STREAM_TEST(ACaIsReplacedWithoutAnyConnectionLost) {
  const Authority next;
  Controller controller(loop, authority, 0, {.controller = "c", .version = "1", .limits = {.stream_life = std::chrono::milliseconds(20)}});
  controller.server.publish({plan::sample_plan()});
  Proxy proxy(loop, folder.path(), {controller.address}, "a");
  const auto streams = [&] { return proxy.client->metrics().streams.value(); };
  WAIT_FOR(streams() >= 1);
  const std::string both = authority.ca.certificate_pem + next.ca.certificate_pem;
  const std::function<void()> steps[] = {
      [&] { EXPECT_TRUE(base::write_file_atomically(folder.path() / "ca.crt", both)); },
      [&] { controller.context = next.context(); },
      [&] { trust(next); },
  };
  for (const auto& step : steps) {
    step();
    const auto before = streams();
    WAIT_FOR(streams() >= before + 2);
    EXPECT_EQ(proxy.client->metrics().failures.value(), 0u);
    EXPECT_TRUE(controller.web().served);
  }
  EXPECT_EQ(proxy.applied.size(), 1u);
  co_await end(proxy);
  co_await controller.server.stop();
}

// Whom a stream was opened with is not asked again while it lasts.
STREAM_TEST(AStreamOutlivesTheCaThatItBeganWith) {
  const Authority next;
  Controller controller(loop, authority);
  controller.server.publish({plan::sample_plan()});
  Proxy proxy(loop, folder.path(), {controller.address}, "a");
  WAIT_FOR(controller.web().served != nullptr);
  controller.context = next.context();
  trust(next);
  const auto plan = with_path("/later");
  controller.server.publish({plan});
  WAIT_FOR(controller.web().served == plan);
  EXPECT_EQ(proxy.client->metrics().streams.value(), 1u);
  EXPECT_EQ(proxy.client->metrics().failures.value(), 0u);
  Proxy later(loop, folder.path(), {controller.address}, "b");
  WAIT_FOR(controller.web().ready_proxies == 2);
  co_await end(later);
  co_await end(proxy);
  co_await controller.server.stop();
}

STREAM_TEST(WhoseAccountGoesIsCutOff) {
  Controller controller(loop, authority);
  controller.server.publish({plan::sample_plan()});
  Proxy proxy(loop, folder.path(), {controller.address}, "a");
  WAIT_FOR(controller.web().served != nullptr);
  controller.server.permit({});
  WAIT_FOR(controller.server.metrics().streams.value() == 0);
  controller.server.publish({with_path("/secret")});
  WAIT_FOR(proxy.client->metrics().failures.value() >= 1);
  EXPECT_EQ(proxy.applied.size(), 1u);
  EXPECT_TRUE(proxy.client->report().ready);
  co_await end(proxy);
  co_await controller.server.stop();
}

STREAM_TEST(AProxyProvesItselfAgain) {
  Controller controller(loop, authority, 0, {.controller = "c", .version = "1", .limits = {.stream_life = std::chrono::milliseconds(20)}});
  controller.server.publish({plan::sample_plan()});
  Proxy proxy(loop, folder.path(), {controller.address}, "a");
  WAIT_FOR(proxy.client->metrics().streams.value() >= 3);
  EXPECT_EQ(proxy.client->metrics().failures.value(), 0u);
  EXPECT_EQ(proxy.applied.size(), 1u);
  EXPECT_TRUE(controller.web().served);
  co_await end(proxy);
  co_await controller.server.stop();
}

STREAM_TEST(ConnectionsThatProveNothingAreFew) {
  Controller controller(loop, authority, 0, {.controller = "c", .version = "1", .limits = {.max_unproven = 2}});
  controller.server.publish({plan::sample_plan()});
  std::vector<std::unique_ptr<net::TcpStream>> silent;
  const auto address = *net::SocketAddress::parse(base::to_string(controller.address.address), controller.address.port);
  for (int i = 0; i < 5; ++i) {
    auto connected = co_await net::connect_tcp(loop, address, loop.after(5'000));
    silent.push_back(std::move(connected.stream));
  }
  WAIT_FOR(controller.server.metrics().refused.value() == 3);
  // Those that go make room.
  silent.clear();
  Proxy proxy(loop, folder.path(), {controller.address}, "a");
  WAIT_FOR(proxy.applied.size() == 1);
  co_await end(proxy);
  co_await controller.server.stop();
}

}  // namespace
}  // namespace cardea::app
