// SPDX-License-Identifier: Apache-2.0
// Both ends of the stream of plans joined over loopback with TLS: cluster's PlanServer and the proxy's PlanClient.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "async/loop.h"
#include "async/scope.h"
#include "base/file.h"
#include "base/strings.h"
#include "base/x509_issue.h"
#include "cluster/plan_server.h"
#include "conn/line_channel.h"
#include "net/tls_client.h"
#include "plan/diff.h"
#include "plan/hash.h"
#include "plan/sample_plan.h"
#include "proxy/plan_client.h"
#include "standalone/temp_folder.h"

namespace cardea::app {
namespace {

using async::Task;
using cluster::Caller;
using cluster::PlanServer;
using cluster::Refused;
using proxy::PlanClient;

const plan::ObjectName kWeb{"shop", "web"};
const plan::ObjectName kAccount{"shop", "web-cardea"};

// Tokens of these tests say whose they are: "NAMESPACE/ACCOUNT/POD".
Task<std::expected<Caller, Refused>> believe(std::string token) {
  const auto parts = base::split(token, '/');
  if (parts.size() != 3) co_return std::unexpected(Refused{401, "no such token"});
  co_return Caller{{std::string(parts[0]), std::string(parts[1])}, std::string(parts[2])};
}

Task<base::Result<std::vector<base::IpAddress>>> no_names(std::string name) { co_return base::fail(name + " is unknown"); }

base::Validity validity() { return {*base::parse_rfc3339("2024-01-01T00:00:00Z"), *base::parse_rfc3339("2044-01-01T00:00:00Z")}; }

struct Authority {
  base::IssuedCertificate ca = *base::make_ca("test", validity());
  base::IssuedCertificate server = *base::issue_server_certificate(ca, {"cardea-controller"}, validity());
  std::shared_ptr<const net::TlsContext> context() const {
    net::TlsContextOptions options;
    options.certificates = {{server.certificate_pem, server.key_pem}};
    return *net::TlsContext::create(options);
  }
};

struct Controller {
  Controller(async::Loop& loop, const Authority& authority, std::uint16_t port = 0,
             cluster::PlanServerOptions options = {.controller = "c", .version = "1"})
      : context(authority.context()), server(loop, std::move(options), [this] { return context; }, believe) {
    server.permit({{kAccount, kWeb}});
    const auto bound = server.listen({*base::parse_ip("127.0.0.1"), port});
    EXPECT_TRUE(bound) << bound.error().message;
    if (bound) address = *bound;
  }
  translate::GatewayObserved web() const {
    const auto observed = server.observed();
    const auto found = observed.gateways.find(kWeb);
    return found == observed.gateways.end() ? translate::GatewayObserved{} : found->second;
  }
  std::shared_ptr<const net::TlsContext> context;
  PlanServer server;
  base::IpPort address;
};

Task<void> run_client(PlanClient* client) { co_await client->run(); }

struct Proxy {
  Proxy(async::Loop& loop, const std::filesystem::path& folder, const std::vector<base::IpPort>& controllers, const std::string& pod,
        const std::string& account = "shop/web-cardea")
      : scope(loop) {
    proxy::PlanClientOptions options;
    for (const auto& controller : controllers) options.controllers.push_back({base::to_string(controller.address), controller.port});
    options.token_file = folder / ("token-" + pod);
    options.ca_file = folder / "ca.crt";
    options.pod = pod;
    options.version = "1";
    options.first_pause = std::chrono::milliseconds(5);
    options.longest_pause = std::chrono::milliseconds(20);
    EXPECT_TRUE(base::write_file_atomically(options.token_file, account + "/" + pod + "\n"));
    client = std::make_unique<PlanClient>(
        loop, options,
        [this](const plan::PlanSet& plans) {
          applied.push_back(plans.at(0));
          if (on_apply) on_apply();
          return answer;
        },
        no_names);
    scope.spawn(&run_client, client.get());
  }
  std::vector<plan::Ref<plan::Plan>> applied;
  std::function<void()> on_apply;
  proxy::Applied answer{{"0.0.0.0"}, {}, {}};
  std::unique_ptr<PlanClient> client;
  async::TaskScope scope;
};

class PlanStreamTest : public ::testing::Test {
 protected:
  PlanStreamTest() { trust(authority); }
  void trust(const Authority& whom) { ASSERT_TRUE(base::write_file_atomically(folder.path() / "ca.crt", whom.ca.certificate_pem)); }

  // Lets everything run until it is so.
  template <class Condition>
  Task<bool> until(Condition condition) {
    const async::Deadline deadline = loop.after(10'000);
    while (!condition()) {
      if (loop.now() >= deadline) co_return false;
      co_await async::sleep(loop, 1);
    }
    co_return true;
  }
  Task<void> end(Proxy& proxy) {
    proxy.client->stop();
    co_await proxy.scope.close();
  }

  standalone::TempFolder folder;
  async::Loop loop;
  Authority authority;
};

plan::Ref<plan::Plan> with_path(const std::string& path) { return plan::sample_plan({.cart_path = path}); }

#define WAIT_FOR(condition)                                      \
  {                                                              \
    const bool came = co_await until([&] { return (condition); }); \
    EXPECT_TRUE(came) << #condition;                             \
  }

// A test whose body is a coroutine of the fixture.
#define STREAM_TEST(name)                  \
  class name : public PlanStreamTest {     \
   public:                                 \
    Task<void> body();                     \
  };                                       \
  TEST_F(name, Holds) { loop.run(body()); } \
  Task<void> name::body()

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
  Controller controller(loop, authority, 0, {.controller = "c", .version = "1", .stream_life = std::chrono::milliseconds(20)});
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
  Controller controller(loop, authority, 0, {.controller = "c", .version = "1", .max_unproven = 2});
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

// --- what a peer that is not ours may say ----------------------------------------------------------------------------

// One request that says these lines and nothing more, and the answer to its end; without any, it ends at once.
struct Answer {
  std::uint16_t status = 0;
  std::string version;
  std::vector<std::string> lines;
  bool ended = false;
};
Task<Answer> ask(async::Loop& loop, const base::IpPort& where, const Authority& authority, std::string_view method, std::string_view path,
                 std::string_view version, std::string_view lines = {}) {
  const auto context = net::TlsClientContext::create({.ca_pem = {authority.ca.certificate_pem}, .system_roots = false, .certificate = {}, .alpn = {}, .rules = {}});
  auto connected = co_await net::connect_tcp(loop, *net::SocketAddress::parse(base::to_string(where.address), where.port), loop.after(5'000));
  auto stream = std::make_unique<net::TlsClientStream>(std::move(connected.stream), **context);
  Answer answer;
  const auto handshake = co_await stream->connect({"cardea-controller", {}}, loop.after(5'000));
  if (handshake != net::TlsHandshake::Done) co_return answer;
  conn::BufferPool buffers;
  const http::Limits limits;
  conn::H1Client client(std::move(stream), buffers, limits);
  http::RequestHead request;
  request.method = http::method_from(method);
  request.method_text = method;
  request.path = path;
  request.authority = "cardea-controller";
  request.body.chunked = true;
  request.fields.append("Authorization", "Bearer shop/web-cardea/a");
  request.fields.append(plan::wire::kVersionField, version);
  conn::H1ClientExchange exchange(client);
  exchange.send_head(request, false);
  conn::LineChannel channel(exchange.response_body(), exchange.request_body(), plan::wire::kMaxControllerLine);
  channel.say(std::string(lines));
  channel.send();
  if (lines.empty()) channel.finish();
  channel.send();
  http::ResponseHead head;
  const async::Deadline deadline = loop.after(5'000);
  for (;;) {
    const auto read = exchange.try_read_head(head);
    if (read == conn::ClientExchange::Head::Complete) break;
    if (read != conn::ClientExchange::Head::WouldBlock) co_return answer;
    const async::Wake wake = co_await async::wait_any(loop, deadline, exchange.ready());
    if (wake != async::Wake::Signalled) co_return answer;
  }
  answer.status = head.status;
  if (const auto* field = head.fields.find(plan::wire::kVersionField)) answer.version = field->value;
  while (!lines.empty() && channel.receive() != conn::LineChannel::Received::Ended) {
    while (const auto line = channel.next_line()) answer.lines.emplace_back(*line);
    channel.send();
    const async::Wake wake = co_await async::wait_any(loop, deadline, channel.readable(), channel.writable());
    if (wake != async::Wake::Signalled) co_return answer;
  }
  answer.ended = true;
  co_return answer;
}

STREAM_TEST(VersionsOfTheStreamMayDifferByOne) {
  Controller controller(loop, authority);
  controller.server.publish({plan::sample_plan()});
  struct Case {
    std::string_view method, path, version;
    std::uint16_t status;
  };
  const Case cases[] = {{"POST", "/v1/plans", "1", 200}, {"POST", "/v1/plans", "2", 200}, {"POST", "/v1/plans", "3", 400},
                        {"POST", "/v1/plans", "x", 400}, {"GET", "/v1/plans", "1", 405},  {"POST", "/v2/plans", "1", 404}};
  for (const Case& one : cases) {
    const Answer answer = co_await ask(loop, controller.address, authority, one.method, one.path, one.version);
    EXPECT_EQ(answer.status, one.status) << one.method << ' ' << one.path << ' ' << one.version;
    if (one.status == 200) {
      EXPECT_EQ(answer.version, "1");
    }
  }
  co_await controller.server.stop();
}

STREAM_TEST(WhoNeverSaysThatAPlanIsLiveIsCutOff) {
  Controller controller(loop, authority, 0, {.controller = "c", .version = "1", .report_patience = std::chrono::milliseconds(30)});
  controller.server.publish({plan::sample_plan()});
  const std::string lines = plan::wire::to_line(plan::wire::Hello{"a", "1", "1"}) + plan::wire::to_line(plan::wire::Take{});
  const Answer answer = co_await ask(loop, controller.address, authority, "POST", "/v1/plans", "1", lines);
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(answer.ended);
  EXPECT_GE(answer.lines.size(), 2u);
  EXPECT_EQ(controller.web().served, nullptr);
  co_await controller.server.stop();
}

STREAM_TEST(WhatIsNoMessageEndsTheStream) {
  Controller controller(loop, authority);
  controller.server.publish({plan::sample_plan()});
  for (const std::string& lines : {std::string("no message\n"), std::string("{\"holding\": 7}\n"), std::string(2u << 20, 'x')}) {
    const Answer answer = co_await ask(loop, controller.address, authority, "POST", "/v1/plans", "1", lines);
    EXPECT_EQ(answer.status, 200);
    EXPECT_TRUE(answer.ended) << lines.substr(0, 20);
  }
  EXPECT_EQ(controller.server.metrics().streams.value(), 0);
  co_await controller.server.stop();
}

}  // namespace
}  // namespace cardea::app
