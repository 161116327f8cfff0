// SPDX-License-Identifier: Apache-2.0
#include "proxy/endpoint_names.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace cardea::proxy {
namespace {

using async::Task;
using namespace std::chrono_literals;

base::IpAddress ip(std::string_view text) { return *base::parse_ip(text); }

// Names, and what is known of them now: addresses with a TTL, or nothing.
class World {
 public:
  explicit World(async::Loop& loop, Settings settings = quick())
      : loop_(loop), names(loop, [this](std::string name) { return answer(std::move(name)); }, settings, [this] { changed(); }), tasks_(loop) {
    tasks_.spawn(&World::run, this);
  }
  static Settings quick() {
    Settings settings;
    settings.names.min_ttl = 1ms;
    settings.names.max_ttl = 2ms;
    return settings;
  }
  Task<void> finish() {
    stop_.request(loop_);
    co_await tasks_.close();
  }
  Task<void> until(std::string_view name, std::vector<base::IpAddress> expected) {
    const auto deadline = loop_.after(10'000);
    while (names.addresses_of(name) != expected) {
      if (co_await async::wait_any(loop_, deadline, changed_) != async::Wake::Signalled) {
        ADD_FAILURE() << "waited for another answer about " << name;
        co_return;
      }
    }
  }
  Task<void> until_asked(std::size_t times) {
    while (asked.size() < times) co_await async::sleep(loop_, 1);
  }

 private:
  static Task<void> run(World* self) { co_await self->names.run(async::StopToken(self->stop_)); }
  Task<base::Result<net::Resolved>> answer(std::string name) {
    asked.push_back(name);
    if (!at_once) co_await loop_.yield();
    const auto found = known.find(name);
    if (found == known.end()) co_return base::fail(name + " cannot be resolved");
    co_return found->second;
  }
  void changed() {
    ++changes;
    if (next_names) names.follow(*next_names);
    changed_.raise(loop_);
  }
  async::Loop& loop_;
  async::Signal changed_;
  async::StopSource stop_;

 public:
  bool at_once = false;                               // answers come before the question is even waited for, as of hosts files
  std::optional<std::vector<std::string>> next_names;  // to follow as soon as something has changed
  std::size_t changes = 0;
  std::map<std::string, net::Resolved> known;
  std::vector<std::string> asked;
  EndpointNames names;

 private:
  async::TaskScope tasks_;
};

Task<void> follows(async::Loop& loop) {
  World world(loop);
  world.known["db.test"] = {{ip("10.0.0.1"), ip("2001:db8::1")}, 1s};
  world.names.follow({"db.test"});
  EXPECT_TRUE(world.names.addresses_of("db.test").empty());
  co_await world.until("db.test", {ip("10.0.0.1"), ip("2001:db8::1")});
  world.known["db.test"] = {{ip("10.0.0.2")}, 1s};
  co_await world.until("db.test", {ip("10.0.0.2")});
  // One that cannot be looked up any more stays where it was, and that is said.
  world.known.clear();
  const auto before = world.asked.size();
  co_await world.until_asked(before + 2);
  EXPECT_EQ(world.names.addresses_of("db.test"), std::vector{ip("10.0.0.2")});
  EXPECT_EQ(world.names.problems(), std::vector<std::string>{"db.test cannot be resolved"});
  world.known["db.test"] = {{ip("10.0.0.3")}, 1s};
  co_await world.until("db.test", {ip("10.0.0.3")});
  EXPECT_TRUE(world.names.problems().empty());
  // One that nobody names any more is forgotten.
  world.names.follow({});
  EXPECT_TRUE(world.names.addresses_of("db.test").empty());
  co_await world.finish();
}
TEST(EndpointNames, FollowWhatTheyLeadTo) {
  async::Loop loop;
  loop.run(follows(loop));
}

std::vector<std::string> many() {
  std::vector<std::string> names;
  for (int i = 100; i < 150; ++i) names.push_back(std::to_string(i) + ".test");
  return names;
}

Task<void> at_once(async::Loop& loop) {
  World world(loop);
  world.at_once = true;
  for (int round = 1; round <= 3; ++round) {
    const auto address = ip("10.0.0." + std::to_string(round));
    for (const auto& name : many()) world.known[name] = {{address}, 0s};
    world.names.follow(many());
    for (const auto& name : many()) {
      co_await world.until(name, {address});
      if (::testing::Test::HasFailure()) break;
    }
  }
  // One that cannot be looked up is asked for again, too.
  world.known.clear();
  const auto before = world.asked.size();
  co_await world.until_asked(before + 2 * many().size());
  co_await world.finish();
}
TEST(EndpointNames, AreFollowedWhenAnswersComeAtOnce) {
  async::Loop loop;
  loop.run(at_once(loop));
}

// Each call makes a new table for every worker.
Task<void> gathered(async::Loop& loop, bool at_once) {
  Settings settings = World::quick();
  settings.names.min_ttl = settings.names.max_ttl = 1h;
  World world(loop, settings);
  world.at_once = at_once;
  const std::vector<std::string> some{"a.test", "b.test", "c.test"};
  for (const auto& name : some) world.known[name] = {{ip("10.0.0.1")}, 0s};
  world.names.follow(some);
  for (const auto& name : some) co_await world.until(name, {ip("10.0.0.1")});
  EXPECT_EQ(world.changes, 1u) << at_once;
  // What follows may be told in the midst of it.
  world.next_names = {"d.test"};
  world.known["d.test"] = {{ip("10.0.0.4")}, 0s};
  world.known["z.test"] = {{ip("10.0.0.5")}, 0s};
  world.names.follow({"a.test", "b.test", "z.test"});
  co_await world.until("d.test", {ip("10.0.0.4")});
  EXPECT_TRUE(world.names.addresses_of("a.test").empty());
  EXPECT_EQ(world.changes, 3u) << at_once;
  co_await world.finish();
}
TEST(EndpointNames, TellOnceOfAllThatChangedTogether) {
  for (const bool at_once : {false, true}) {
    async::Loop loop;
    loop.run(gathered(loop, at_once));
  }
}

Task<void> bounds(async::Loop& loop) {
  Settings settings = World::quick();
  settings.names.min_ttl = settings.names.max_ttl = 1h;
  settings.names.max_names = 2;
  settings.names.max_addresses = 2;
  World world(loop, settings);
  for (const char* name : {"a.test", "b.test", "c.test"}) world.known[name] = {{ip("10.0.0.1"), ip("10.0.0.2"), ip("10.0.0.3")}, 0s};
  world.names.follow({"a.test", "b.test", "c.test"});
  co_await world.until("a.test", {ip("10.0.0.1"), ip("10.0.0.2")});
  co_await world.until("b.test", {ip("10.0.0.1"), ip("10.0.0.2")});
  EXPECT_EQ(world.asked, (std::vector<std::string>{"a.test", "b.test"})) << "each once: an answer is good for an hour";
  EXPECT_EQ(world.names.problems(), std::vector<std::string>{"endpoints have 1 names more than --max-endpoint-names: they are not looked up"});
  world.names.follow({"a.test", "c.test"});
  co_await world.until("c.test", {ip("10.0.0.1"), ip("10.0.0.2")});
  EXPECT_EQ(world.asked.size(), 3u);
  co_await world.finish();
}
TEST(EndpointNames, AreBounded) {
  async::Loop loop;
  loop.run(bounds(loop));
}

Task<void> local(async::Loop& loop) {
  World world(loop);
  world.known["mixed.test"] = {{ip("10.0.0.1"), ip("127.0.0.1"), ip("169.254.169.254"), ip("224.0.0.1"), ip("::1"), ip("::ffff:127.0.0.1"), ip("fe80::1"), ip("ff02::1"), ip("0.0.0.0")}, 1s};
  world.known["only.test"] = {{ip("127.0.0.1")}, 1s};
  world.names.follow({"mixed.test", "only.test"});
  co_await world.until("mixed.test", {ip("10.0.0.1")});
  co_await world.until_asked(2);
  EXPECT_TRUE(world.names.addresses_of("only.test").empty());
  co_await world.finish();

  Settings settings = World::quick();
  settings.local_names = true;
  World at_home(loop, settings);
  at_home.known["only.test"] = {{ip("127.0.0.1")}, 1s};
  at_home.names.follow({"only.test"});
  co_await at_home.until("only.test", {ip("127.0.0.1")});
  co_await at_home.finish();
}
TEST(EndpointNames, LeadToNoMachinesOwnAddressesInACluster) {
  async::Loop loop;
  loop.run(local(loop));
}

}  // namespace
}  // namespace cardea::proxy
