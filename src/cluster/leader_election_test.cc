// SPDX-License-Identifier: Apache-2.0
#include "cluster/leader_election.h"

#include <gtest/gtest.h>

#include <memory>

#include "kube/testing/fake_api_server.h"

namespace cardea::cluster {
namespace {

using async::Task;
using kube::testing::FakeApiServer;
using std::chrono::milliseconds;

base::WallTime now() { return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now()); }

// One replica of the controller.
class Replica {
 public:
  Replica(FakeApiServer& server, async::Loop& loop, std::string name)
      : client_(loop, server.config(), {.request_timeout = milliseconds(100)}),
        election(client_,
                 {.namespace_ = "cardea-system",
                  .identity = std::move(name),
                  .duration = milliseconds(300),
                  .renew_within = milliseconds(200),
                  .retry = milliseconds(20)},
                 now, [this](bool) { ++changes; }),
        loop_(loop),
        tasks_(loop) {
    tasks_.spawn(&Replica::run, this);
  }
  Task<void> finish() {
    stop_.request(loop_);
    co_await tasks_.close();
  }

 private:
  static Task<void> run(Replica* self) { co_await self->election.run(async::StopToken(self->stop_)); }
  kube::Client client_;

 public:
  LeaderElection election;
  int changes = 0;

 private:
  async::Loop& loop_;
  async::StopSource stop_;
  async::TaskScope tasks_;
};

Task<bool> leads(async::Loop& loop, const Replica& replica, bool wanted = true) {
  const auto deadline = loop.after(3000);
  while (replica.election.leading() != wanted && loop.now() < deadline) co_await async::sleep(loop, 5);
  co_return replica.election.leading() == wanted;
}

Task<int> one_leads_until_it_gives_back(async::Loop& loop) {
  FakeApiServer server(loop);
  server.add_kind(kube::resource::kLeases, "Lease");
  {
    Replica a(server, loop, "a");
    EXPECT_TRUE(co_await leads(loop, a));
    Replica b(server, loop, "b");
    co_await async::sleep(loop, 500);
    EXPECT_TRUE(a.election.leading());
    EXPECT_FALSE(b.election.leading()) << "longer than the lease lasts, but it is renewed";
    EXPECT_EQ(b.election.holder(), "a");
    const auto given_back = loop.now();
    co_await a.finish();
    EXPECT_FALSE(a.election.leading());
    EXPECT_TRUE(co_await leads(loop, b));
    EXPECT_LT(loop.now() - given_back, 250u) << "at once, not when the lease is over";
    const base::Value* const lease = server.find(kube::resource::kLeases, "cardea-system", "cardea-controller");
    EXPECT_EQ(kube::value_at(*lease, {"spec", "leaseTransitions"})->as_int(), 2);
    EXPECT_EQ(b.changes, 1);
    co_await b.finish();
  }
  co_await server.stop();
  co_return 0;
}

Task<int> a_leader_that_cannot_renew_stops_leading(async::Loop& loop) {
  FakeApiServer server(loop);
  server.add_kind(kube::resource::kLeases, "Lease");
  {
    Replica a(server, loop, "a");
    EXPECT_TRUE(co_await leads(loop, a));
    server.intercept = [](const kube::testing::FakeRequest&) { return std::optional(kube::testing::refuse(500, "InternalError")); };
    co_await async::sleep(loop, 100);
    EXPECT_TRUE(a.election.leading()) << "a short outage is not yet a reason";
    EXPECT_TRUE(co_await leads(loop, a, false));
    EXPECT_FALSE(a.election.problem().empty());
    server.intercept = nullptr;
    EXPECT_TRUE(co_await leads(loop, a));
    // Somebody else took it.
    server.put_json(kube::resource::kLeases, R"({"metadata":{"name":"cardea-controller","namespace":"cardea-system"},"spec":{"holderIdentity":"b"}})");
    EXPECT_TRUE(co_await leads(loop, a, false));
    EXPECT_TRUE(co_await leads(loop, a)) << "b never renews";
    co_await a.finish();
  }
  co_await server.stop();
  co_return 0;
}

TEST(LeaderElection, OneLeadsUntilItGivesTheLeaseBack) {
  async::Loop loop;
  loop.run(one_leads_until_it_gives_back(loop));
}

TEST(LeaderElection, ALeaderThatCannotRenewStopsLeading) {
  async::Loop loop;
  loop.run(a_leader_that_cannot_renew_stops_leading(loop));
}

}  // namespace
}  // namespace cardea::cluster
