// SPDX-License-Identifier: Apache-2.0
#include "kube/reflector.h"

#include <gtest/gtest.h>

#include <memory>

#include "kube/testing/fake_api_server.h"

namespace cardea::kube {
namespace {

using async::Task;
using testing::FakeAnswer;
using testing::FakeApiServer;
using testing::FakeRequest;

const ResourceType kRoutes{"gateway.networking.k8s.io", "v1", "httproutes"};

// A server, a reflector that follows its routes, and what the reflector told.
class Follower {
 public:
  explicit Follower(async::Loop& loop, ReflectorOptions options = {})
      : loop_(loop), server(loop), client(loop, server.config()), tasks_(loop) {
    server.add_kind(kRoutes, "HTTPRoute");
    options.first_wait = std::chrono::milliseconds(10);
    options.most_wait = std::chrono::milliseconds(50);
    reflector = std::make_unique<Reflector>(client, kRoutes, options,
                                            ReflectorEvents{.put = [this](base::Value object) { put(std::move(object)); },
                                                            .erase = [this](const api::ObjectKey& key) { erase(key); },
                                                            .synced = [this] { note("synced"); }});
  }

  void start() { tasks_.spawn(&Follower::run, this); }
  Task<void> finish() {
    stop_.request(loop_);
    co_await tasks_.close();
    co_await server.stop();
  }

  void put_route(std::string_view name, int value = 1) {
    server.put_json(kRoutes, fmt::format(R"({{"metadata":{{"name":"{}","namespace":"shop"}},"spec":{{"a":{}}}}})", name, value));
  }
  // Waits until `told` holds that.
  Task<bool> until(std::string text) {
    while (!told.contains(text)) {
      if (co_await async::wait_any(loop_, loop_.after(5000), changed_) != async::Wake::Signalled) {
        ADD_FAILURE() << "waited for " << text << ", told was: " << told;
        co_return false;
      }
    }
    co_return true;
  }
  Task<void> until_watching() {
    const auto deadline = loop_.after(5000);
    while (server.watches() == 0 && loop_.now() < deadline) co_await async::wait_any(loop_, deadline, server.changed());
    EXPECT_GT(server.watches(), 0u);
  }

 private:
  static Task<void> run(Follower* self) {
    const auto end = co_await self->reflector->run(async::StopToken(self->stop_));
    self->note(end == Reflector::End::Stopped ? "stopped" : "no such type");
  }
  void put(base::Value object) {
    note(fmt::format("+{}:{}:{}", text_at(object, {"metadata", "name"}),
                     value_at(object, {"spec", "a"}) ? value_at(object, {"spec", "a"})->as_int() : 0, text_at(object, {"kind"})));
  }
  void erase(const api::ObjectKey& key) { note("-" + key.name); }
  void note(std::string_view text) {
    (told += text) += ' ';
    changed_.raise(loop_);
  }

  async::Loop& loop_;

 public:
  FakeApiServer server;
  Client client;
  std::unique_ptr<Reflector> reflector;
  std::string told;

 private:
  async::TaskScope tasks_;
  async::StopSource stop_;
  async::Signal changed_;
};

using Test = Task<void> (*)(Follower&);
Task<int> with_follower(async::Loop& loop, Test test, ReflectorOptions options) {
  Follower follower(loop, options);
  co_await test(follower);
  co_await follower.finish();
  co_return 0;
}
void run(Test test, ReflectorOptions options = {}) {
  async::Loop loop;
  loop.run(with_follower(loop, test, options));
}

TEST(Reflector, ListsInPagesThenFollows) {
  run(
      [](Follower& f) -> Task<void> {
        for (const char* name : {"a", "b", "c"}) f.put_route(name);
        f.start();
        co_await f.until("+a:1:HTTPRoute +b:1:HTTPRoute +c:1:HTTPRoute synced ");
        EXPECT_EQ(f.server.count("GET", "httproutes"), 2u) << "two pages";
        f.put_route("b", 2);
        co_await f.until("synced +b:2:HTTPRoute ");
        f.server.erase(kRoutes, "shop", "a");
        co_await f.until("+b:2:HTTPRoute -a ");
      },
      {.page_size = 2});
}

TEST(Reflector, ResumesWhereAWatchEndedOrBroke) {
  run([](Follower& f) -> Task<void> {
    f.put_route("a");
    f.start();
    co_await f.until("synced");
    co_await f.until_watching();
    f.server.break_watches();
    f.put_route("a", 2);
    co_await f.until("+a:2");
    co_await f.until_watching();
    f.server.end_watches();
    f.server.erase(kRoutes, "shop", "a");
    co_await f.until("-a");
    EXPECT_EQ(f.reflector->metrics().lists.value(), 1u);
    EXPECT_EQ(f.reflector->problem(), "");
  });
}

TEST(Reflector, ListsAgainWhenItsVersionIsGoneAndTellsWhatWentMeanwhile) {
  run([](Follower& f) -> Task<void> {
    f.put_route("a");
    f.put_route("b");
    f.start();
    co_await f.until("synced");
    co_await f.until_watching();
    f.server.intercept = [&f](const FakeRequest& request) -> std::optional<FakeAnswer> {
      if (request.is_watch()) return std::nullopt;
      f.server.intercept = nullptr;
      return testing::refuse(500, "InternalError");  // and the list fails once more
    };
    f.server.break_watches();
    f.server.erase(kRoutes, "shop", "a");
    f.put_route("b", 2);
    f.server.expire();
    co_await f.until("+b:2");
    co_await f.until("-a");
    EXPECT_EQ(f.reflector->metrics().lists.value(), 3u);
    f.put_route("c");
    co_await f.until("+c");
  });
}

// etcd forgets what a list began with after some minutes, and may do so again and again.
TEST(Reflector, AListThatIsForgottenBetweenItsPagesComesInOnePiece) {
  run(
      [](Follower& f) -> Task<void> {
        for (const char* name : {"a", "b", "c", "d", "e"}) f.put_route(name);
        f.server.intercept = [&f](const FakeRequest& request) -> std::optional<FakeAnswer> {
          if (!request.query.contains("continue")) return std::nullopt;
          f.server.erase(kRoutes, "shop", "a");
          return testing::refuse(410, "Expired");
        };
        f.start();
        co_await f.until("synced");
        EXPECT_EQ(f.told, "+a:1:HTTPRoute +b:1:HTTPRoute +c:1:HTTPRoute +d:1:HTTPRoute +e:1:HTTPRoute -a synced ");
        EXPECT_EQ(f.reflector->metrics().lists.value(), 2u);
        // The next one comes in pages again.
        f.server.intercept = nullptr;
        co_await f.until_watching();
        const auto before = f.server.count("GET", "httproutes");
        f.told.clear();
        f.reflector->list_again();
        co_await f.until("+e:1");
        EXPECT_EQ(f.server.count("GET", "httproutes") - before, 2u);
      },
      {.page_size = 2});
}

// Answers the first watch with `first`; tells where the second one resumed.
Task<std::string> resumed_after(Follower& f, FakeAnswer first) {
  int watches = 0;
  std::string version;
  f.server.intercept = [&](const FakeRequest& request) -> std::optional<FakeAnswer> {
    if (!request.is_watch()) return std::nullopt;
    if (++watches == 1) return first;
    if (watches == 2) version = request.query.at("resourceVersion");
    return std::nullopt;
  };
  f.start();
  co_await f.until_watching();
  f.server.intercept = nullptr;
  co_return version;
}

TEST(Reflector, ABookmarkIsWhereAWatchResumes) {
  run([](Follower& f) -> Task<void> {
    const std::string version = co_await resumed_after(f, {.body = R"({"type":"BOOKMARK","object":{"kind":"HTTPRoute","metadata":{"resourceVersion":"777"}}})" "\n"});
    EXPECT_EQ(version, "777");
    EXPECT_EQ(f.reflector->metrics().lists.value(), 1u);
  });
}

TEST(Reflector, AWatchThatIsRefusedAsTooOldIsAList) {
  run([](Follower& f) -> Task<void> {
    co_await resumed_after(f, testing::refuse(410, "Expired"));
    EXPECT_EQ(f.reflector->metrics().lists.value(), 2u);
    f.put_route("a");
    co_await f.until("+a:1");
  });
}

TEST(Reflector, AThrottlingServerIsLeftAloneForAsLongAsItAsksAndTheWatchResumes) {
  run([](Follower& f) -> Task<void> {
    FakeAnswer busy = testing::refuse(429, "TooManyRequests");
    busy.retry_after = 1;
    const auto begun = f.client.loop().now();
    co_await resumed_after(f, busy);
    EXPECT_GE(f.client.loop().now() - begun, 1000u);
    EXPECT_EQ(f.reflector->metrics().lists.value(), 1u);
  });
  run([](Follower& f) -> Task<void> {
    const auto begun = f.client.loop().now();
    co_await resumed_after(f, {.body = R"({"type":"ERROR","object":{"kind":"Status","code":504,"reason":"Timeout","details":{"retryAfterSeconds":1}}})" "\n"});
    EXPECT_GE(f.client.loop().now() - begun, 1000u);
    EXPECT_EQ(f.reflector->metrics().lists.value(), 1u);
  });
}

TEST(Reflector, NeverAHotLoop) {
  run([](Follower& f) -> Task<void> {
    f.start();
    co_await f.until("synced");
    co_await f.until_watching();
    f.server.intercept = [](const FakeRequest& request) -> std::optional<FakeAnswer> {
      if (request.is_watch()) return FakeAnswer{};  // ends at once, properly, again and again
      return std::nullopt;
    };
    f.server.break_watches();
    const auto before = f.reflector->metrics().watches.value();
    co_await async::sleep(f.client.loop(), 300);
    EXPECT_LE(f.reflector->metrics().watches.value() - before, 25u);  // at least 25 ms apart once it has slowed down
  });
}

TEST(Reflector, ServerThatGoesSilentIsLeft) {
  run(
      [](Follower& f) -> Task<void> {
        f.start();
        co_await f.until("synced");
        co_await f.until_watching();
        const auto first = f.reflector->metrics().watches.value();
        while (f.reflector->metrics().watches.value() == first) co_await async::sleep(f.client.loop(), 10);
        EXPECT_TRUE(f.reflector->problem().contains("nothing was heard")) << f.reflector->problem();
      },
      {.watch_timeout = std::chrono::seconds(0), .silence = std::chrono::seconds(1)});
}

TEST(Reflector, CollectionThatDoesNotExistOrGoesIsTold) {
  run([](Follower& f) -> Task<void> {
    f.put_route("a");
    f.start();
    co_await f.until("synced");
    co_await f.until_watching();
    f.server.remove_kind(kRoutes);
    co_await f.until("no such type");
    EXPECT_FALSE(f.told.contains("-a")) << "who asked decides";
    f.reflector->forget_all();
    co_await f.until("-a");
  });
  run([](Follower& f) -> Task<void> {
    f.server.remove_kind(kRoutes);
    f.start();
    co_await f.until("synced no such type");
  });
}

TEST(Reflector, ForbiddenIsAProblemThatMayPass) {
  run([](Follower& f) -> Task<void> {
    f.put_route("a");
    f.server.intercept = [](const FakeRequest&) { return std::optional(testing::refuse(403, "Forbidden")); };
    f.start();
    while (f.reflector->problem().empty()) co_await async::sleep(f.client.loop(), 5);
    EXPECT_TRUE(f.reflector->problem().contains("Forbidden"));
    EXPECT_FALSE(f.reflector->synced());
    f.server.intercept = nullptr;
    co_await f.until("+a:1:HTTPRoute synced");
    EXPECT_EQ(f.reflector->problem(), "");
  });
}

TEST(Reflector, TellsEverythingAnewWhenAsked) {
  run([](Follower& f) -> Task<void> {
    f.put_route("a");
    f.start();
    co_await f.until("synced");
    co_await f.until_watching();
    f.told.clear();
    f.reflector->list_again();
    co_await f.until("+a:1");
  });
}

TEST(Reflector, RestsAfterEachEventAndLosesNothing) {
  run(
      [](Follower& f) -> Task<void> {
        f.put_route("a");
        f.start();
        co_await f.until("synced");
        co_await f.until_watching();
        for (const char* name : {"b", "c", "d"}) {
          f.put_route(name);
          co_await f.until(fmt::format("+{}:1", name));
        }
        f.server.erase(kRoutes, "shop", "b");
        co_await f.until("-b");
        f.server.break_watches();
        f.put_route("c", 2);
        co_await f.until("+c:2");
      },
      {.rest = std::chrono::milliseconds(20)});
}

TEST(Reflector, ARestEndsWhenSomethingElseIsWanted) {
  run(
      [](Follower& f) -> Task<void> {
        f.start();
        co_await f.until("synced");
        co_await f.until_watching();
        f.put_route("a");
        co_await f.until("+a:1");
        f.put_route("b");  // the watch would tell of it in an hour
        f.reflector->list_again();
        co_await f.until("+b:1");
        f.put_route("c");
        co_await f.until_watching();
        co_await f.until("+c:1");
        // And so does the stop, which comes now.
      },
      {.rest = std::chrono::hours(1)});
}

}  // namespace
}  // namespace cardea::kube
