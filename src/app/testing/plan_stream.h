// SPDX-License-Identifier: Apache-2.0
// Both ends of the stream of plans joined over loopback with TLS: cluster's PlanServer and the proxy's PlanClient.
#pragma once

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
#include "plan/sample_plan.h"
#include "proxy/plan_client.h"
#include "standalone/temp_folder.h"

namespace cardea::app::testing {

using async::Task;
using cluster::Caller;
using cluster::PlanServer;
using cluster::Refused;
using proxy::PlanClient;

inline const plan::ObjectName kWeb{"shop", "web"};
inline const plan::ObjectName kAccount{"shop", "web-cardea"};

// Tokens of these tests say whose they are: "NAMESPACE/ACCOUNT/POD".
inline Task<std::expected<Caller, Refused>> believe(std::string token) {
  const auto parts = base::split(token, '/');
  if (parts.size() != 3) co_return std::unexpected(Refused{401, "no such token"});
  co_return Caller{{std::string(parts[0]), std::string(parts[1])}, std::string(parts[2])};
}

inline Task<base::Result<net::Resolved>> no_names(std::string name) { co_return base::fail(name + " is unknown"); }

inline base::Validity validity() { return {*base::parse_rfc3339("2024-01-01T00:00:00Z"), *base::parse_rfc3339("2044-01-01T00:00:00Z")}; }

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

inline Task<void> run_client(PlanClient* client) { co_await client->run(); }

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

inline plan::Ref<plan::Plan> with_path(const std::string& path) { return plan::sample_plan({.cart_path = path}); }

}  // namespace cardea::app::testing

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
