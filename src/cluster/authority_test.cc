// SPDX-License-Identifier: Apache-2.0
#include "cluster/authority.h"

#include <gtest/gtest.h>

#include "async/scope.h"
#include "base/x509.h"
#include "kube/testing/fake_api_server.h"

namespace cardea::cluster {
namespace {

using async::Task;
using kube::testing::FakeApiServer;
using std::chrono::hours;
using std::chrono::milliseconds;

base::WallTime clock_now;
base::WallTime now() { return clock_now; }

class Replica {
 public:
  Replica(FakeApiServer& server, async::Loop& loop)
      : client_(loop, server.config(), {.request_timeout = milliseconds(200)}),
        authority(client_,
                  {.namespace_ = "cardea-system",
                   .policy = {.life = hours(100), .replace_after = hours(60), .overlap = hours(10), .server_life = hours(5)},
                   .look_every = milliseconds(5),
                   .retry = milliseconds(5)},
                  now, [this] { ++changes; }),
        loop_(loop),
        tasks_(loop) {
    tasks_.spawn(&Replica::run, this);
  }
  Task<void> finish() {
    stop_.request(loop_);
    co_await tasks_.close();
  }

 private:
  static Task<void> run(Replica* self) { co_await self->authority.run(async::StopToken(self->stop_)); }
  kube::Client client_;

 public:
  int changes = 0;
  Authority authority;

 private:
  async::Loop& loop_;
  async::StopSource stop_;
  async::TaskScope tasks_;
};

template <class Condition>
Task<bool> until(async::Loop* loop, Condition condition) {
  const auto deadline = loop->after(5000);
  while (!condition() && loop->now() < deadline) co_await async::sleep(*loop, 2);
  co_return condition();
}

std::size_t trusted(const Authority& authority) { return base::check_ca_bundle(authority.bundle()).value_or(0); }

Task<int> replicas_share_one_ca(async::Loop& loop) {
  clock_now = *base::parse_rfc3339("2026-01-01T00:00:00Z");
  FakeApiServer server(loop);
  server.add_kind(kube::resource::kSecrets, "Secret");
  Replica a(server, loop), b(server, loop);
  EXPECT_TRUE(co_await until(&loop, [&] { return a.authority.identity() && b.authority.identity(); }));
  EXPECT_TRUE(co_await until(&loop, [&] { return a.authority.bundle() == b.authority.bundle(); }));
  EXPECT_EQ(trusted(a.authority), 1u);
  EXPECT_NE(a.authority.identity(), b.authority.identity());
  const std::string first = a.authority.bundle();
  const auto identity = a.authority.identity();
  const int changes = a.changes;

  // A certificate is renewed long before its end, of the same CA.
  clock_now += hours(4);
  EXPECT_TRUE(co_await until(&loop, [&] { return a.authority.identity() != identity; }));
  EXPECT_EQ(a.authority.bundle(), first);
  EXPECT_EQ(a.changes, changes);

  // The CA is replaced with overlap, once for both.
  clock_now += hours(56);
  EXPECT_TRUE(co_await until(&loop, [&] { return trusted(a.authority) == 2 && a.authority.bundle() == b.authority.bundle(); }));
  EXPECT_TRUE(a.authority.bundle().starts_with(first));
  clock_now += hours(11);
  EXPECT_TRUE(co_await until(&loop, [&] { return a.authority.bundle().ends_with(first) && a.authority.bundle() == b.authority.bundle(); }));
  EXPECT_EQ(trusted(a.authority), 2u);
  clock_now += hours(11);
  EXPECT_TRUE(co_await until(&loop, [&] { return trusted(a.authority) == 1 && a.authority.bundle() == b.authority.bundle(); }));
  EXPECT_FALSE(a.authority.bundle().contains(first));

  // Without the API server what is here goes on.
  const auto last = a.authority.identity();
  server.intercept = [](const kube::testing::FakeRequest&) { return std::optional(kube::testing::refuse(500, "InternalError")); };
  EXPECT_TRUE(co_await until(&loop, [&] { return !a.authority.problem().empty(); }));
  EXPECT_EQ(a.authority.identity(), last);
  server.intercept = nullptr;
  EXPECT_TRUE(co_await until(&loop, [&] { return a.authority.problem().empty(); }));

  // Who deletes it gets another.
  const std::string before = a.authority.bundle();
  server.erase(kube::resource::kSecrets, "cardea-system", "cardea-controller-ca");
  EXPECT_TRUE(co_await until(&loop, [&] { return a.authority.bundle() != before && a.authority.bundle() == b.authority.bundle(); }));
  co_await a.finish();
  co_await b.finish();
  co_await server.stop();
  co_return 0;
}

TEST(Authority, ReplicasShareOneCa) {
  async::Loop loop;
  loop.run(replicas_share_one_ca(loop));
}

}  // namespace
}  // namespace cardea::cluster
