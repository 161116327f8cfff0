// SPDX-License-Identifier: Apache-2.0
#include "kube/client.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.h"
#include "kube/credentials.h"
#include "kube/testing/fake_api_server.h"
#include "kube/watch.h"

namespace cardea::kube {
namespace {

using testing::FakeAnswer;
using testing::FakeApiServer;
using testing::FakeRequest;
using async::Task;

const ResourceType kRoutes{"gateway.networking.k8s.io", "v1", "httproutes"};
constexpr std::string_view kRoute = R"({"metadata":{"name":"r","namespace":"shop"},"spec":{"a":1}})";

using Test = Task<void> (*)(FakeApiServer&, Client&);

Task<int> with_server(async::Loop& loop, Test test, ClientLimits limits) {
  FakeApiServer server(loop);
  server.add_kind(kRoutes, "HTTPRoute");
  server.add_kind(resource::kLeases, "Lease");
  {
    Client client(loop, server.config(), limits);
    co_await test(server, client);
  }
  co_await server.stop();
  co_return 0;
}

void run(Test test, ClientLimits limits = {}) {
  async::Loop loop;
  loop.run(with_server(loop, test, limits));
}

base::Value json(std::string_view text) { return *base::parse_json(text); }

TEST(Client, ReadsWritesAndDeletes) {
  run([](FakeApiServer& server, Client& client) -> Task<void> {
    const ObjectPath path{kRoutes, "shop", "r", {}};
    const auto missing = co_await client.get(path);
    EXPECT_FALSE(missing);
    EXPECT_TRUE(missing.error().not_found()) << missing.error().message;
    const auto made = co_await client.create(kRoutes, "shop", json(kRoute));
    EXPECT_TRUE(made) << made.error().message;
    const auto again = co_await client.create(kRoutes, "shop", json(kRoute));
    EXPECT_TRUE(!again && again.error().already_exists() && !again.error().conflict());
    EXPECT_TRUE(co_await client.merge_patch(path, json(R"({"metadata":{"labels":{"x":"y"}}})")));
    auto stale = *made;
    const auto refused = co_await client.replace(path, stale);
    EXPECT_TRUE(!refused && refused.error().conflict());
    ObjectPath status = path;
    status.subresource = "status";
    EXPECT_TRUE(co_await client.replace(status, json(R"({"metadata":{"name":"r","namespace":"shop"},"status":{"ok":true}})")));
    const auto live = co_await client.get(path);
    EXPECT_TRUE(live);
    EXPECT_EQ(text_at(*live, {"metadata", "labels", "x"}), "y");
    EXPECT_EQ(value_at(*live, {"spec", "a"})->as_int(), 1);
    EXPECT_TRUE(value_at(*live, {"status", "ok"})->as_bool());
    EXPECT_TRUE(co_await client.remove(path));
    EXPECT_EQ(server.find(kRoutes, "shop", "r"), nullptr);
    EXPECT_EQ(client.metrics().connections.value(), 1u) << "one kept connection does for all";
    EXPECT_EQ(server.requests.at(0).authorization, "Bearer secret-token");
  });
}

TEST(Client, AppliesWithItsFieldManager) {
  run([](FakeApiServer& server, Client& client) -> Task<void> {
    const ObjectPath path{kRoutes, "shop", "r", {}};
    EXPECT_TRUE(co_await client.apply(path, json(kRoute), {}));
    const FakeRequest& request = server.requests.back();
    EXPECT_EQ(request.method, "PATCH");
    EXPECT_EQ(request.content_type, "application/apply-patch+yaml");
    EXPECT_EQ(request.query.at("fieldManager"), "cardea");
    EXPECT_EQ(request.query.at("force"), "true");
    EXPECT_NE(server.find(kRoutes, "shop", "r"), nullptr);
  });
}

TEST(Client, ListsInPagesAndAsksForMetadataAlone) {
  run([](FakeApiServer& server, Client& client) -> Task<void> {
    for (int i = 0; i < 5; ++i) {
      server.put_json(kRoutes, fmt::format(R"({{"metadata":{{"name":"r{}","namespace":"shop"}},"spec":{{}}}})", i));
    }
    ListOptions options;
    options.limit = 2;
    options.metadata_only = true;
    std::size_t items = 0, pages = 0;
    do {
      const auto page = co_await client.list(kRoutes, "", options);
      EXPECT_TRUE(page);
      if (!page) break;
      ++pages;
      items += page->items.size();
      EXPECT_EQ(page->items.at(0).find("spec"), nullptr);
      options.continue_ = page->continue_;
    } while (!options.continue_.empty());
    EXPECT_EQ(items, 5u);
    EXPECT_EQ(pages, 3u);
  });
}

TEST(Client, WaitsAsLongAsAThrottlingServerAsks) {
  run([](FakeApiServer& server, Client& client) -> Task<void> {
    int left = 2;
    server.intercept = [&left](const FakeRequest&) -> std::optional<FakeAnswer> {
      if (left == 0) return std::nullopt;
      FakeAnswer answer = testing::refuse(left == 2 ? 429 : 503, "TooManyRequests");
      answer.retry_after = --left == 1 ? 0 : 1;
      return answer;
    };
    const auto begun = client.loop().now();
    EXPECT_TRUE(co_await client.create(kRoutes, "shop", json(kRoute)));
    EXPECT_EQ(client.metrics().throttled.value(), 2u);
    EXPECT_GE(client.loop().now() - begun, 1000u);
  });
}

TEST(Client, AServerThatGoesOnThrottlingIsAnErrorInTime) {
  run(
      [](FakeApiServer& server, Client& client) -> Task<void> {
        server.intercept = [](const FakeRequest&) -> std::optional<FakeAnswer> {
          FakeAnswer answer = testing::refuse(429, "TooManyRequests");
          answer.retry_after = 100;
          return answer;
        };
        const auto answer = co_await client.get({kRoutes, "shop", "r", {}});
        EXPECT_TRUE(!answer && answer.error().status == 429);
        EXPECT_EQ(answer.error().retry_after, std::chrono::seconds(100));
      },
      {.request_timeout = std::chrono::milliseconds(500)});
}

TEST(Client, AnswersThatBreakOffMakeNoSenseOrAreTooLargeAreErrors) {
  run(
      [](FakeApiServer& server, Client& client) -> Task<void> {
        FakeAnswer next;
        server.intercept = [&next](const FakeRequest&) { return std::optional(next); };
        const ObjectPath path{kRoutes, "shop", "r", {}};
        next = {.body = R"({"a":)", .cut = true};
        EXPECT_EQ((co_await client.get(path)).error().kind, ApiError::Kind::Unreachable);
        next = {.body = "no JSON"};
        EXPECT_EQ((co_await client.get(path)).error().kind, ApiError::Kind::Malformed);
        next = {.body = std::string(2000, ' ') + "{}"};
        EXPECT_EQ((co_await client.get(path)).error().kind, ApiError::Kind::TooLarge);
        next = {.status = 500, .body = "oops"};
        const auto refused = co_await client.get(path);
        EXPECT_EQ(refused.error().status, 500);
        EXPECT_TRUE(refused.error().message.ends_with("500 Internal Server Error: oops")) << refused.error().message;
      },
      {.max_answer_bytes = 1000});
}

TEST(Client, AnUnreachableServerIsNamed) {
  async::Loop loop;
  Config config;
  config.tls = false;
  config.host = "127.0.0.1";
  config.port = 1;
  Client client(loop, config);
  const auto answer = loop.run(client.read("/version"));
  EXPECT_EQ(answer.error().kind, ApiError::Kind::Unreachable);
  EXPECT_TRUE(answer.error().message.contains("http://127.0.0.1:1/version")) << answer.error().message;
}

// The kernel takes the connection, and nobody answers.
TEST(Client, AServerThatHangsIsAnErrorInTime) {
  async::Loop loop;
  const auto socket = net::listen_tcp(*net::SocketAddress::parse("127.0.0.1", 0));
  ASSERT_TRUE(socket);
  Config config;
  config.tls = false;
  config.host = "127.0.0.1";
  config.port = net::SocketAddress::of_local(socket->get()).port();
  Client client(loop, config, {.request_timeout = std::chrono::milliseconds(100)});
  EXPECT_EQ(loop.run(client.read("/version")).error().kind, ApiError::Kind::TimedOut);
  const auto watch = loop.run(client.watch(kRoutes, "", {}));
  ASSERT_FALSE(watch);
  EXPECT_EQ(watch.error().kind, ApiError::Kind::TimedOut);
}

TEST(Client, AConnectionThatTheServerClosedMeanwhileIsReplaced) {
  run([](FakeApiServer& server, Client& client) -> Task<void> {
    EXPECT_TRUE(co_await client.create(kRoutes, "shop", json(kRoute)));
    // Closes without an answer, as a server does whose idle time-out met our request.
    int left = 1;
    server.intercept = [&left](const FakeRequest&) -> std::optional<FakeAnswer> {
      if (left-- > 0) return FakeAnswer{.body = "", .cut = true};
      return std::nullopt;
    };
    const auto first = co_await client.get({kRoutes, "shop", "r", {}});
    EXPECT_FALSE(first) << "a cut answer is no idle close";
    EXPECT_TRUE(co_await client.get({kRoutes, "shop", "r", {}}));
  });
}

TEST(Client, RequestsUnderWayAreBounded) {
  run(
      [](FakeApiServer& server, Client& client) -> Task<void> {
        server.put_json(kRoutes, kRoute);
        async::TaskScope scope(client.loop());
        int done = 0;
        const auto get = [](Client* self, int* counter) -> Task<void> {
          *counter += (co_await self->get({kRoutes, "shop", "r", {}})).has_value();
        };
        for (int i = 0; i < 20; ++i) scope.spawn(+get, &client, &done);
        co_await scope.close();
        EXPECT_EQ(done, 20);
        EXPECT_LE(client.metrics().connections.value(), 2u);
      },
      {.max_requests = 2});
}

TEST(Client, WatchesAndResumes) {
  run([](FakeApiServer& server, Client& client) -> Task<void> {
    async::StopSource stop;
    const async::StopToken token(stop);
    WatchOptions options;
    options.resource_version = std::to_string(server.version());
    auto watch = co_await client.watch(kRoutes, "", options);
    EXPECT_TRUE(watch) << watch.error().message;
    server.put_json(kRoutes, kRoute);
    auto event = co_await (*watch)->next(async::kNever, token);
    EXPECT_TRUE(event && *event && (*event)->type == WatchEvent::Type::Put);
    server.bookmark();
    event = co_await (*watch)->next(async::kNever, token);
    EXPECT_TRUE(event && *event && (*event)->type == WatchEvent::Type::Bookmark);
    options.resource_version = (*event)->resource_version;
    server.end_watches();
    event = co_await (*watch)->next(async::kNever, token);
    EXPECT_TRUE(event && !*event) << "the server ended it properly";

    server.erase(kRoutes, "shop", "r");
    watch = co_await client.watch(kRoutes, "", options);
    event = co_await (*watch)->next(async::kNever, token);
    EXPECT_TRUE(event && *event && (*event)->type == WatchEvent::Type::Deleted);
    server.break_watches();
    event = co_await (*watch)->next(async::kNever, token);
    EXPECT_EQ(event.error().kind, ApiError::Kind::Unreachable);

    server.expire();
    watch = co_await client.watch(kRoutes, "", options);
    event = co_await (*watch)->next(async::kNever, token);
    EXPECT_TRUE(!event && event.error().gone());
  });
}

TEST(Client, AnEventLargerThanAllowedAndASilentWatchAreErrors) {
  run(
      [](FakeApiServer& server, Client& client) -> Task<void> {
        async::StopSource stop;
        WatchOptions options;
        options.resource_version = std::to_string(server.version());
        auto watch = co_await client.watch(kRoutes, "", options);
        auto event = co_await (*watch)->next(client.loop().after(20), async::StopToken(stop));
        EXPECT_EQ(event.error().kind, ApiError::Kind::TimedOut);
        server.put_json(kRoutes, fmt::format(R"({{"metadata":{{"name":"r","namespace":"shop"}},"spec":"{}"}})", std::string(500, 'x')));
        event = co_await (*watch)->next(async::kNever, async::StopToken(stop));
        EXPECT_EQ(event.error().kind, ApiError::Kind::TooLarge);
        stop.request(client.loop());
        watch = co_await client.watch(kRoutes, "", options);
        event = co_await (*watch)->next(async::kNever, async::StopToken(stop));
        EXPECT_TRUE(event.error().ended());
      },
      {.max_watch_line_bytes = 300});
}

TEST(Client, ATokenFileIsReadAgain) {
  const std::string file = ::testing::TempDir() + "/cardea-token";
  EXPECT_TRUE(base::write_file_atomically(file, "one\n"));
  Config config;
  config.token.file = file;
  Credentials credentials(config);
  FreshText::Time now{};
  EXPECT_TRUE(credentials.refresh(now));
  EXPECT_EQ(credentials.token.text(), "one\n");
  EXPECT_TRUE(base::write_file_atomically(file, "second\n"));
  EXPECT_TRUE(credentials.refresh(now += FreshText::kLook));
  EXPECT_EQ(credentials.token.text(), "second\n");
  std::filesystem::remove(file);
  EXPECT_TRUE(credentials.refresh(now += FreshText::kLook)) << "what we have may still do";
  EXPECT_EQ(credentials.token.text(), "second\n");
}

Task<int> new_token(async::Loop& loop) {
  const std::string file = ::testing::TempDir() + "/cardea-rotated-token";
  EXPECT_TRUE(base::write_file_atomically(file, "one"));
  FakeApiServer server(loop);
  server.add_kind(kRoutes, "HTTPRoute");
  server.put_json(kRoutes, kRoute);
  {
    Config config = server.config();
    config.token = {.text = {}, .file = file};
    Client client(loop, config);
    EXPECT_TRUE(co_await client.get({kRoutes, "shop", "r", {}}));
    EXPECT_EQ(server.requests.back().authorization, "Bearer one");
    EXPECT_TRUE(base::write_file_atomically(file, "two"));
    const auto deadline = loop.after(10'000);
    while (server.requests.back().authorization != "Bearer two" && loop.now() < deadline) {
      co_await async::sleep(loop, 50);
      EXPECT_TRUE(co_await client.get({kRoutes, "shop", "r", {}}));
    }
    EXPECT_EQ(server.requests.back().authorization, "Bearer two");
    EXPECT_EQ(client.metrics().connections.value(), 1u);
  }
  co_await server.stop();
  co_return 0;
}

TEST(Client, ANewTokenGoesOverTheKeptConnection) {
  async::Loop loop;
  loop.run(new_token(loop));
}

}  // namespace
}  // namespace cardea::kube
