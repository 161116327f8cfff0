// SPDX-License-Identifier: Apache-2.0
#include "proxy/backend_tls.h"

#include <gtest/gtest.h>

#include "net/testing/certificates.h"
#include "plan/hash.h"

namespace cardea::proxy {
namespace {

using net::testing::Issued;

const plan::ObjectName kGateway{"default", "web"};

// A Gateway with one backend, in TLS that trusts the CA `ca`.
struct World {
  World() {
    backend.id = "default/app:443";
    backend.tls.emplace();
    backend.tls->hostname = "app";
    backend.tls->ca_bundles = {"default/ca"};
  }

  plan::Backend backend;
  std::string ca = Issued("ca", "").certificate();
  std::string client_certificate;  // an id
  plan::Secrets secrets;
  std::vector<Refusal> refusals;
  SettingsTable settings{Settings{}};
  std::shared_ptr<const BackendTlsTable> table;

  const BackendTls& build() {
    plan::Routing routing;
    routing.backends = {plan::seal(backend)};
    routing.client_certificate = client_certificate;
    if (!ca.empty()) secrets.ca_bundles = {plan::seal(plan::CaBundle{"default/ca", ca, {}})};
    plan::Plan made;
    made.gateway = kGateway;
    made.routing = plan::seal(routing);
    made.secrets = plan::seal(secrets);
    const plan::PlanSet plans{plan::seal(std::move(made))};
    refusals.clear();
    table = BackendTlsTable::build(plans, SecretIndex(plans), settings, table.get(), refusals);
    return *table->find(kGateway, *plans[0]->routing->backends[0]);
  }
};

TEST(BackendTlsTable, KeepsWhatDidNotChange) {
  World world;
  const BackendTls* const first = &world.build();
  ASSERT_TRUE(first->context);
  EXPECT_EQ(first->peer().server_name, "app");
  EXPECT_TRUE(world.refusals.empty());
  EXPECT_EQ(&world.build(), first);
}

TEST(BackendTlsTable, OtherTermsHaveAnotherId) {
  World world;
  const std::uint64_t first = world.build().id;
  const auto context = world.build().context;
  world.backend.tls->hostname = "other";
  const std::uint64_t second = world.build().id;
  EXPECT_NE(second, first);
  EXPECT_EQ(world.build().context, context) << "whom to trust is the same";
  world.ca = Issued("ca", "").certificate();
  const std::uint64_t third = world.build().id;
  EXPECT_NE(third, second);
  const auto client = Issued("client", "").pem();
  world.secrets.certificates = {plan::seal(plan::Certificate{"default/client", client.chain, client.key, {}})};
  world.client_certificate = "default/client";
  EXPECT_NE(world.build().id, third);
  EXPECT_NE(world.build().context, context);
}

TEST(BackendTlsTable, NothingIsReachedWithoutWhatThePlanNames) {
  World without_ca;
  without_ca.ca.clear();
  EXPECT_FALSE(without_ca.build().context);
  ASSERT_EQ(without_ca.refusals.size(), 1u);
  EXPECT_EQ(without_ca.refusals[0].part, "TLS to backend default/app:443");
  EXPECT_EQ(without_ca.refusals[0].reason, "the plan has no CA bundle default/ca");
  World without_certificate;
  without_certificate.client_certificate = "default/gone (refused)";
  EXPECT_FALSE(without_certificate.build().context);
  EXPECT_TRUE(without_certificate.refusals.empty()) << "the Gateway's status tells it";
}

TEST(BackendTlsTable, AnotherGatewayOrPlainTextHasNone) {
  World world;
  world.build();
  EXPECT_EQ(world.table->find({"default", "other"}, *plan::seal(world.backend)), nullptr);
  EXPECT_EQ(world.table->find(kGateway, *plan::seal(plan::Backend{})), nullptr);
}

}  // namespace
}  // namespace cardea::proxy
