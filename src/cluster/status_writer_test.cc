// SPDX-License-Identifier: Apache-2.0
#include "cluster/status_writer.h"

#include <gtest/gtest.h>

#include <memory>

#include "cluster/kinds.h"
#include "cluster/object_names.h"
#include "kube/testing/fake_api_server.h"

namespace cardea::cluster {
namespace {

using async::Task;
using kube::testing::FakeAnswer;
using kube::testing::FakeApiServer;
using kube::testing::FakeRequest;

const kube::ResourceType kRoutes{"gateway.networking.k8s.io", "v1", "httproutes"};
const kube::ResourceType kGateways{"gateway.networking.k8s.io", "v1", "gateways"};
constexpr std::string_view kOurs = "cardea.dev/gateway-controller";
const api::ObjectId kRoute{"HTTPRoute", {"shop", "r"}};
const api::ObjectId kGateway{"Gateway", {"shop", "g"}};

base::WallTime now() { return base::WallTime(std::chrono::seconds(1'800'000'000)); }

api::Condition condition(std::string type, bool is, std::string reason, std::int64_t generation = 1) {
  return {.type = std::move(type),
          .status = is ? api::ConditionStatus::True : api::ConditionStatus::False,
          .reason = std::move(reason),
          .message = "m",
          .observed_generation = generation,
          .last_transition_time = {}};
}
std::shared_ptr<const translate::ObjectStatus> route_status(std::string reason, std::int64_t generation = 1) {
  api::RouteParentStatus parent;
  parent.parent_ref.name = "g";
  parent.controller_name = kOurs;
  parent.conditions.push_back(condition("Accepted", true, std::move(reason), generation));
  return std::make_shared<translate::ObjectStatus>(
      translate::ObjectStatus{.object = kRoute, .generation = generation, .status = api::RouteStatus{{parent}}});
}
std::shared_ptr<const translate::ObjectStatus> gateway_status(bool programmed, std::string reason) {
  api::GatewayStatus status;
  status.conditions = {condition("Accepted", true, "Accepted"), condition("Programmed", programmed, std::move(reason))};
  return std::make_shared<translate::ObjectStatus>(translate::ObjectStatus{.object = kGateway, .generation = 1, .status = status});
}

class Writing {
 public:
  Writing(async::Loop& loop, std::chrono::milliseconds first_hold)
      : loop_(loop),
        server(loop),
        client(loop, server.config()),
        writer(client, live,
               [](std::string_view kind) { return std::optional(kind == "Gateway" ? kGateways : kRoutes); }, std::string(kOurs),
               now, {.hold = std::chrono::milliseconds(100), .first_hold = first_hold, .first_retry = std::chrono::milliseconds(20), .most_retry = std::chrono::milliseconds(500)}),
        tasks_(loop) {
    server.add_kind(kRoutes, "HTTPRoute");
    server.add_kind(kGateways, "Gateway");
    tasks_.spawn(&Writing::run, this);
    put_route("null");
    server.put_json(kGateways, R"({"metadata":{"name":"g","namespace":"shop"},"spec":{}})");
    see_all();
  }
  Task<void> finish() {
    writer.stop();
    co_await tasks_.close();
    co_await server.stop();
  }

  void put_route(std::string_view status) {
    server.put_json(kRoutes, fmt::format(R"({{"metadata":{{"name":"r","namespace":"shop"}},"spec":{{}},"status":{}}})", status));
  }
  // As the watch would.
  void see_all() {
    live.put(kRoute, *server.find(kRoutes, "shop", "r"));
    live.put(kGateway, *server.find(kGateways, "shop", "g"));
  }
  Task<void> settle() {
    const auto deadline = loop_.after(3000);
    do co_await async::sleep(loop_, 20);
    while (writer.metrics().waiting.value() > 0 && loop_.now() < deadline);
  }
  std::string route() const { return base::to_json(*server.find(kRoutes, "shop", "r")->find("status")); }
  std::uint64_t writes() const { return writer.metrics().writes.value(); }

 private:
  static Task<void> run(Writing* self) { co_await self->writer.run(); }

  async::Loop& loop_;

 public:
  FakeApiServer server;
  kube::Client client;
  LiveStatuses live;
  StatusWriter writer;

 private:
  async::TaskScope tasks_;
};

using Test = Task<void> (*)(Writing&);
Task<int> with_writing(async::Loop& loop, Test test, std::chrono::milliseconds first_hold) {
  Writing writing(loop, first_hold);
  co_await test(writing);
  co_await writing.finish();
  co_return 0;
}
void run(Test test, std::chrono::milliseconds first_hold = {}) {
  async::Loop loop;
  loop.run(with_writing(loop, test, first_hold));
}

TEST(StatusWriter, WritesOnceAndOnlyAsTheLeader) {
  run([](Writing& w) -> Task<void> {
    w.writer.write({route_status("Accepted")});
    co_await w.settle();
    EXPECT_EQ(w.writes(), 0u);
    w.writer.set_leading(true);
    co_await w.settle();
    EXPECT_EQ(w.writes(), 1u);
    EXPECT_TRUE(w.route().contains(R"("reason":"Accepted")")) << w.route();
    EXPECT_TRUE(w.route().contains(R"("lastTransitionTime":"2027-01-15T08:00:00Z")")) << w.route();
    w.writer.write({route_status("Accepted")});  // equal, by another pointer
    w.see_all();
    w.writer.set_leading(false);
    w.writer.set_leading(true);
    co_await w.settle();
    EXPECT_EQ(w.writes(), 1u) << "it stands there";
  });
}

TEST(StatusWriter, AConflictIsReadAndMergedAgain) {
  run([](Writing& w) -> Task<void> {
    w.put_route(R"({"parents":[{"controllerName":"theirs","parentRef":{"name":"x"},"conditions":[]}]})");  // the watch has not told yet
    w.writer.set_leading(true);
    w.writer.write({route_status("Accepted")});
    co_await w.settle();
    EXPECT_EQ(w.writer.metrics().conflicts.value(), 1u);
    EXPECT_EQ(w.writes(), 1u);
    EXPECT_TRUE(w.route().contains("theirs") && w.route().contains(kOurs)) << w.route();
  });
}

TEST(StatusWriter, EntriesOfOursThatNobodyWantsGoAlsoAfterARestart) {
  run([](Writing& w) -> Task<void> {
    w.put_route(R"({"parents":[{"controllerName":"cardea.dev/gateway-controller","parentRef":{"name":"old"},"conditions":[]},
                               {"controllerName":"theirs","parentRef":{"name":"x"},"conditions":[]}]})");
    w.see_all();
    w.writer.set_leading(true);
    co_await w.settle();
    EXPECT_EQ(w.writes(), 0u) << "before the first write() nobody knows what is wanted";
    w.writer.write({});
    co_await w.settle();
    EXPECT_EQ(w.writes(), 1u);
    EXPECT_FALSE(w.route().contains(kOurs)) << w.route();
    EXPECT_TRUE(w.route().contains("theirs")) << w.route();
  });
}

Task<void> gateway_given_away(Writing& writing) {
  const auto status = [&writing] { return base::to_json(*writing.server.find(kGateways, "shop", "g")->find("status")); };
  writing.writer.set_leading(true);
  writing.writer.write({gateway_status(true, "Programmed")});
  co_await writing.settle();
  EXPECT_TRUE(status().contains("Programmed"));
  writing.writer.write({});
  co_await writing.settle();
  EXPECT_EQ(status(), "{}");
  writing.see_all();
  co_await writing.settle();
  EXPECT_EQ(writing.writes(), 2u);
  // What another controller wrote stays.
  writing.writer.write({gateway_status(true, "Programmed")});
  co_await writing.settle();
  writing.server.put_json(kGateways, R"({"metadata":{"name":"g","namespace":"shop"},"spec":{},"status":{"a":"theirs"}})");
  writing.see_all();
  writing.writer.write({});
  co_await writing.settle();
  EXPECT_EQ(status(), R"({"a":"theirs"})");
}
TEST(StatusWriter, AGatewayThatIsGivenAwayIsLeftAsIfNobodyHadLookedAtIt) { run(gateway_given_away); }

std::string status_by(std::string_view manager, std::string_view seconds, std::string_view other, std::string_view other_seconds) {
  return fmt::format(R"({{"metadata":{{"name":"g","namespace":"shop","managedFields":[
      {{"manager":"somebody","operation":"Update","time":"2027-09-01T00:00:00Z"}},
      {{"manager":"{}","operation":"Update","subresource":"status","time":"2027-01-15T08:00:{}Z"}},
      {{"manager":"{}","operation":"Update","subresource":"status","time":"2027-01-15T08:00:{}Z"}}]}},
      "spec":{{}},"status":{{"conditions":[{{"type":"Programmed","status":"True"}}]}}}})",
                     manager, seconds, other, other_seconds);
}

// What an earlier run wrote is known by who wrote it: nobody was there to see the Gateway given away.
Task<void> gateway_given_away_before_start(Writing& writing) {
  const auto status = [&writing] { return base::to_json(*writing.server.find(kGateways, "shop", "g")->find("status")); };
  const std::string ours = label_value(kOurs);
  writing.writer.set_leading(true);
  writing.writer.write({});
  struct Case {
    std::string object;
    bool goes;
  };
  const Case cases[] = {{status_by(ours, "07", "envoy-gateway", "05"), true},
                        {status_by(ours, "05", "envoy-gateway", "07"), false},
                        {status_by(ours, "05", "envoy-gateway", "05"), false},
                        {status_by("cardea.dev_other-0", "05", "cardea", "04"), false}};
  for (const Case& one : cases) {
    writing.server.put_json(kGateways, one.object);
    writing.see_all();
    const auto before = writing.writes();
    co_await writing.settle();
    EXPECT_EQ(status() == "{}", one.goes) << one.object;
    EXPECT_EQ(writing.writes() - before, one.goes ? 1u : 0u);
  }
  // As the API server completes it: nothing is left to write, also not by a later run.
  std::string empty = status_by(ours, "07", "x", "05");
  empty.replace(empty.find("\"True\""), 6, "\"Unknown\"");
  writing.server.put_json(kGateways, empty);
  writing.see_all();
  const auto before = writing.writes();
  co_await writing.settle();
  EXPECT_EQ(writing.writes(), before);
}
TEST(StatusWriter, AGatewayThatWasGivenAwayWhileNobodyLookedIsKnownByItsWriter) { run(gateway_given_away_before_start); }

TEST(StatusWriter, RoutesThatAreNoneOfOursAreLeftAlone) {
  run([](Writing& w) -> Task<void> {
    w.writer.set_leading(true);
    auto foreign = std::make_shared<translate::ObjectStatus>(
        translate::ObjectStatus{.object = kRoute, .generation = 1, .status = api::RouteStatus{}});
    w.writer.write({foreign});
    co_await w.settle();
    EXPECT_EQ(w.writes(), 0u);
  });
}

TEST(StatusWriter, OlderThanWhatStandsThereIsNotWritten) {
  run([](Writing& w) -> Task<void> {
    w.put_route(R"({"parents":[{"controllerName":"cardea.dev/gateway-controller","parentRef":{"group":"gateway.networking.k8s.io","kind":"Gateway","name":"g"},
                    "conditions":[{"type":"Accepted","status":"True","observedGeneration":5}]}]})");
    w.see_all();
    w.writer.set_leading(true);
    w.writer.write({route_status("Accepted", 4)});
    co_await w.settle();
    EXPECT_EQ(w.writes(), 0u);
    w.writer.write({route_status("Accepted", 6)});
    co_await w.settle();
    EXPECT_EQ(w.writes(), 1u);
  });
}

TEST(StatusWriter, PendingIsHeldBackForAMoment) {
  run([](Writing& w) -> Task<void> {
    w.writer.set_leading(true);
    w.writer.write({gateway_status(false, "Pending")});
    co_await async::sleep(w.client.loop(), 30);
    EXPECT_EQ(w.writes(), 0u);
    w.writer.write({gateway_status(true, "Programmed")});  // the acknowledgement came
    co_await w.settle();
    EXPECT_EQ(w.writes(), 1u);
    w.writer.write({gateway_status(false, "Pending")});  // and here it does not come
    co_await async::sleep(w.client.loop(), 60);
    EXPECT_EQ(w.writes(), 1u);
    w.writer.write({gateway_status(false, "Pending")});  // which does not hold it back any longer
    co_await async::sleep(w.client.loop(), 80);
    EXPECT_EQ(w.writes(), 2u);
  });
}

TEST(StatusWriter, ARestartDoesNotTakeBackWhatStandsThere) {
  run([](Writing& w) -> Task<void> {
    w.server.put_json(kGateways, R"({"metadata":{"name":"g","namespace":"shop"},"spec":{},
        "status":{"conditions":[{"type":"Programmed","status":"True","reason":"Programmed"}]}})");
    w.see_all();
    w.writer.set_leading(true);
    w.writer.write({gateway_status(false, "Pending")});
    co_await async::sleep(w.client.loop(), 200);  // longer than a Pending is held otherwise
    EXPECT_EQ(w.writes(), 0u);
    w.writer.write({gateway_status(true, "Programmed")});
    co_await w.settle();
    EXPECT_EQ(w.writes(), 1u);
  }, std::chrono::minutes(1));
}

TEST(StatusWriter, WhatGoesWhileItIsWrittenIsNotWrittenAgainAndAgain) {
  run([](Writing& w) -> Task<void> {
    w.writer.set_leading(true);
    // The watch tells that the Gateway is gone before the answer to our write arrives, and nobody wants a status for it any more.
    w.server.intercept = [&w](const FakeRequest& request) -> std::optional<FakeAnswer> {
      if (request.method != "PUT" || !w.server.find(kGateways, "shop", "g")) return std::nullopt;
      const std::string answer = base::to_json(*w.server.find(kGateways, "shop", "g"));
      w.server.erase(kGateways, "shop", "g");
      w.live.erase(kGateway);
      w.writer.write({});
      return FakeAnswer{.body = answer};
    };
    w.writer.write({gateway_status(true, "Programmed")});
    co_await w.settle();
    EXPECT_EQ(w.live.find(kGateway), nullptr);
    EXPECT_EQ(w.server.count("PUT", "gateways"), 1u);
  });
}

TEST(StatusWriter, WhatIsNotFoundIsTriedLaterAndLater) {
  run([](Writing& w) -> Task<void> {
    w.writer.set_leading(true);
    w.server.erase(kGateways, "shop", "g");  // and no watch tells
    w.writer.write({gateway_status(true, "Programmed")});
    co_await async::sleep(w.client.loop(), 300);
    EXPECT_GE(w.server.count("PUT", "gateways"), 1u);
    EXPECT_LE(w.server.count("PUT", "gateways"), 8u);
  });
}

TEST(StatusWriter, NeverAFight) {
  run([](Writing& w) -> Task<void> {
    w.writer.set_leading(true);
    w.writer.write({route_status("Accepted")});
    co_await w.settle();
    const auto begun = w.client.loop().now();
    int undone = 0;
    while (w.client.loop().now() - begun < 1000) {  // somebody takes our entry away whenever it stands there
      if (w.route().contains(kOurs)) {
        ++undone;
        w.put_route(R"({"parents":[]})");
        w.see_all();
      }
      co_await async::sleep(w.client.loop(), 1);
    }
    EXPECT_GE(undone, 2);
    EXPECT_LE(w.writes(), 10u) << "each time later";
  });
}

TEST(StatusWriter, NeverAFightAlsoWithSomebodyQuickerThanTheAnswer) {
  run([](Writing& w) -> Task<void> {
    w.writer.set_leading(true);
    w.server.intercept = [&w](const FakeRequest& request) -> std::optional<FakeAnswer> {
      if (request.method != "PUT") return std::nullopt;
      w.put_route(R"({"parents":[{"controllerName":"cardea.dev/gateway-controller","parentRef":{"name":"g"},"conditions":[]}]})");
      const std::string answer = base::to_json(*w.server.find(kRoutes, "shop", "r"));
      w.put_route(R"({"parents":[]})");
      w.see_all();  // while the answer is on its way
      return FakeAnswer{.body = answer};
    };
    w.writer.write({route_status("Accepted")});
    co_await async::sleep(w.client.loop(), 300);
    // At 0, 10, 30, 70, 150 and 310 ms at the soonest.
    EXPECT_GE(w.writes(), 2u);
    EXPECT_LE(w.writes(), 6u);
  });
}

TEST(StatusWriter, AServerThatDropsWhatItDoesNotKnowIsNotAskedAgain) {
  run([](Writing& w) -> Task<void> {
    w.writer.set_leading(true);
    w.server.intercept = [&w](const FakeRequest& request) -> std::optional<FakeAnswer> {
      if (request.method != "PUT") return std::nullopt;
      w.put_route(R"({"parents":[{"controllerName":"cardea.dev/gateway-controller","parentRef":{"name":"g"},"conditions":[]}]})");
      return FakeAnswer{.body = base::to_json(*w.server.find(kRoutes, "shop", "r"))};
    };
    w.writer.write({route_status("Accepted")});
    co_await w.settle();
    w.see_all();
    co_await w.settle();
    EXPECT_EQ(w.writes(), 1u);
  });
}

TEST(StatusWriter, ARefusedStatusIsAProblemAndOthersGoOn) {
  run([](Writing& w) -> Task<void> {
    w.writer.set_leading(true);
    w.server.intercept = [](const FakeRequest& request) -> std::optional<FakeAnswer> {
      if (request.method == "PUT" && request.path.contains("httproutes")) return kube::testing::refuse(422, "Invalid");
      return std::nullopt;
    };
    w.writer.write({gateway_status(true, "Programmed"), route_status("Accepted")});
    co_await async::sleep(w.client.loop(), 100);
    EXPECT_EQ(w.writes(), 1u);
    EXPECT_EQ(w.writer.problems().size(), 1u);
    EXPECT_EQ(w.server.count("PUT", "httproutes"), 1u);
  });
}

TEST(StatusWriter, ManyChangesOfOneObjectAreFewWrites) {
  run([](Writing& w) -> Task<void> {
    w.writer.set_leading(true);
    for (int i = 0; i < 200; ++i) {
      w.writer.write({route_status(fmt::format("R{}", i))});
      if (i % 50 == 0) co_await w.client.loop().yield();
    }
    co_await w.settle();
    EXPECT_TRUE(w.route().contains("R199")) << w.route();
    EXPECT_LE(w.writes(), 5u);
  });
}

}  // namespace
}  // namespace cardea::cluster
