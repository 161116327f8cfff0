// SPDX-License-Identifier: Apache-2.0
#include "conn/h2_client.h"

#include <gtest/gtest.h>

#include <string>

#include "async/scope.h"
#include "conn/h2_server.h"
#include "net/pipe.h"

namespace cardea::conn {
namespace {

using async::kNever;
using async::Task;

// --- A backend: answers with the body that it got, and the trailers; /reset resets, /refuse refuses, /early says 103 -----

Task<void> answer(std::unique_ptr<H2Exchange> exchange) {
  std::string body;
  for (;;) {
    std::span<const char> data;
    const ReadStatus status = exchange->request_body().peek(data);
    if (status == ReadStatus::Data) {
      body.append(data.data(), data.size());
      exchange->request_body().consume(data.size());
    } else if (status == ReadStatus::WouldBlock) {
      co_await async::wait_any(exchange->loop(), kNever, exchange->request_body().ready());
    } else {
      break;
    }
  }
  if (exchange->request.path == "/reset") co_return exchange->reset(kH2InternalError);
  if (exchange->request.path == "/refuse") co_return exchange->reset(kH2RefusedStream);
  http::ResponseHead head;
  if (exchange->request.path == "/early") {
    head.status = 103;
    exchange->inform(head);
  }
  head.status = 200;
  head.fields.append("X-Path", exchange->request.path);
  exchange->respond(head);
  std::string_view left = body;
  while (!left.empty()) {
    const auto written = exchange->response_body().try_write({left.data(), left.size()});
    left.remove_prefix(written.bytes);
    if (written.status == WriteStatus::Failed) co_return;
    if (written.status == WriteStatus::WouldBlock) co_await async::wait_any(exchange->loop(), kNever, exchange->response_body().ready());
  }
  exchange->response_body().finish(exchange->request_body().trailers());
  co_await exchange->finish(kNever);
}

struct Backend {
  BufferPool pool;
  http::Limits limits;
  H2ServerOptions options;
  async::StopSource stop;
  std::unique_ptr<net::PipeEnd> stream;
};

Task<void> serve_stream(std::unique_ptr<H2Exchange> exchange) { co_await answer(std::move(exchange)); }

Task<void> serve(Backend* backend) {
  H2Server server(*backend->stream, backend->pool, backend->limits, backend->options);
  async::TaskScope streams(backend->stream->loop());
  while (auto exchange = co_await server.next(async::StopToken(backend->stop))) streams.spawn(serve_stream, std::move(exchange));
  co_await streams.close();
  backend->stream->shutdown_write();
}

// --- The client --------------------------------------------------------------------------------------------------------

struct Answer {
  std::uint16_t status = 0;
  std::string path, body, trailer;
  int informational = 0;
  ClientExchange::Closing closing = ClientExchange::Closing::Broken;
  bool closed = false, malformed = false, truncated = false;
};

// What the test runs, with a connection to the backend.
struct Fixture {
  async::Loop& loop;
  Backend& backend;
  std::shared_ptr<H2Client> client;
};

Task<Answer> call(std::shared_ptr<H2Client> client, async::Loop& loop, std::string path, std::string body = "", std::string trailer = "") {
  http::TextArena arena;
  http::RequestHead head;
  head.method = body.empty() ? http::Method::Get : http::Method::Post;
  head.method_text = body.empty() ? "GET" : "POST";
  head.authority = "backend.test";
  head.path = path;
  head.body.chunked = !body.empty();
  H2ClientExchange exchange(client);
  exchange.send_head(head, false);
  std::string_view left = body;
  http::Fields trailers;
  if (!trailer.empty()) trailers.append("X-Trailer", trailer);
  bool sent = false;
  Answer answer;
  http::ResponseHead response;
  bool has_head = false;
  for (;;) {
    while (!left.empty()) {
      const auto written = exchange.request_body().try_write({left.data(), left.size()});
      left.remove_prefix(written.bytes);
      if (written.status != WriteStatus::Ok) break;
    }
    if (left.empty() && !sent) sent = exchange.request_body().finish(trailers);
    exchange.request_body().flush();
    while (!has_head) {
      const auto read = exchange.try_read_head(response);
      if (read == ClientExchange::Head::WouldBlock) break;
      answer.closed = read == ClientExchange::Head::Closed;
      answer.malformed = read == ClientExchange::Head::Malformed;
      answer.closing = exchange.closing();
      if (read != ClientExchange::Head::Complete) co_return answer;
      if (response.status < 200) {
        ++answer.informational;
        continue;
      }
      has_head = true;
      answer.status = response.status;
      if (const auto* field = response.fields.find("x-path")) answer.path = field->value;
    }
    std::span<const char> data;
    while (has_head) {
      const ReadStatus status = exchange.response_body().peek(data);
      if (status == ReadStatus::WouldBlock) break;
      if (status == ReadStatus::End) {
        if (const auto* field = exchange.response_body().trailers().find("x-trailer")) answer.trailer = field->value;
        co_return answer;
      }
      answer.truncated = status == ReadStatus::Failed;
      if (status == ReadStatus::Failed) co_return answer;
      answer.body.append(data.data(), data.size());
      exchange.response_body().consume(data.size());
    }
    co_await async::wait_any(loop, kNever, exchange.ready(), exchange.request_body().ready());
  }
}

template <class Test>
Task<void> with_connection(async::Loop& loop, H2ClientOptions options, H2ServerOptions server_options, Test test) {
  BufferPool pool;
  const http::Limits limits;
  Backend backend;
  backend.options = server_options;
  auto [near, far] = net::make_pipe(loop);
  backend.stream = std::move(far);
  async::TaskScope scope(loop);
  scope.spawn(serve, &backend);
  auto client = std::make_shared<H2Client>(std::move(near), pool, limits, options, "http");
  scope.spawn(H2Client::run, client);
  Fixture fixture{loop, backend, client};
  co_await test(fixture);
  fixture.client->retire();
  co_await scope.close();
}

template <class Test>
void run(Test test, H2ClientOptions options = {}, H2ServerOptions server_options = {}) {
  async::Loop loop;
  loop.run(with_connection(loop, options, server_options, test));
}

TEST(H2Client, ARequestAndItsAnswer) {
  run(+[](Fixture& on) -> Task<void> {
    const Answer answer = co_await call(on.client, on.loop, "/a");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.path, "/a");
    EXPECT_EQ(answer.body, "");
    EXPECT_TRUE(on.client->used_before());
  });
}

TEST(H2Client, BodiesAndTrailersBothWays) {
  run(+[](Fixture& on) -> Task<void> {
    const std::string body(1'000'000, 'x');
    const Answer answer = co_await call(on.client, on.loop, "/b", body, "end");
    EXPECT_EQ(answer.status, 200);
    EXPECT_TRUE(answer.body == body);
    EXPECT_EQ(answer.trailer, "end");
  });
}

TEST(H2Client, InformationalHeadsComeFirst) {
  run(+[](Fixture& on) -> Task<void> {
    const Answer answer = co_await call(on.client, on.loop, "/early");
    EXPECT_EQ(answer.informational, 1);
    EXPECT_EQ(answer.status, 200);
  });
}

TEST(H2Client, AResetIsTheStreamsAlone) {
  run(+[](Fixture& on) -> Task<void> {
    const Answer reset = co_await call(on.client, on.loop, "/reset");
    EXPECT_TRUE(reset.closed);
    EXPECT_EQ(reset.closing, ClientExchange::Closing::Broken);
    const Answer refused = co_await call(on.client, on.loop, "/refuse");
    EXPECT_TRUE(refused.closed);
    EXPECT_EQ(refused.closing, ClientExchange::Closing::Refused);
    EXPECT_TRUE(on.client->usable());
    const Answer good = co_await call(on.client, on.loop, "/a");
    EXPECT_EQ(good.status, 200);
  });
}

Task<void> call_into(Fixture* on, std::string path, std::string body, int* good) {
  const std::string sent = body;
  const Answer answer = co_await call(on->client, on->loop, path, std::move(body));
  if (answer.status == 200 && answer.path == path && answer.body == sent) ++*good;
}

TEST(H2Client, ManyAtOnce) {
  run(+[](Fixture& on) -> Task<void> {
    async::TaskScope calls(on.loop);
    int good = 0;
    for (int i = 0; i < 60; ++i) calls.spawn(call_into, &on, "/" + std::to_string(i), std::string(100'000, static_cast<char>('a' + i % 26)), &good);
    co_await calls.close();
    EXPECT_EQ(good, 60);
  });
}

TEST(H2Client, IsFullWhenItsLimitIsReached) {
  run(+[](Fixture& on) -> Task<void> {
    while (!on.client->usable()) co_await on.loop.yield();
    H2ClientExchange first(on.client);
    EXPECT_TRUE(on.client->usable());
    H2ClientExchange second(on.client);
    EXPECT_FALSE(on.client->usable());
  }, [] {
    H2ClientOptions options;
    options.max_streams = 2;
    return options;
  }());
}

TEST(H2Client, ThePeersLimitCountsToo) {
  H2ServerOptions few;
  few.session.max_concurrent_streams = 1;
  run(+[](Fixture& on) -> Task<void> {
    co_await call(on.client, on.loop, "/a");  // the SETTINGS are here
    H2ClientExchange first(on.client);
    EXPECT_FALSE(on.client->usable());
  }, {}, few);
}

TEST(H2Client, AfterAGoawayNothingNewBeginsAndWhatIsUnderWayEnds) {
  run(+[](Fixture& on) -> Task<void> {
    co_await call(on.client, on.loop, "/a");
    on.backend.stop.request(on.loop);
    while (!on.client->spent()) co_await on.loop.yield();
    EXPECT_FALSE(on.client->usable());
    const Answer late = co_await call(on.client, on.loop, "/late");
    EXPECT_TRUE(late.closed);
    EXPECT_EQ(late.closing, ClientExchange::Closing::Refused) << "it may be sent elsewhere";
  });
}

TEST(H2Client, ABrokenConnectionEndsEveryExchange) {
  run(+[](Fixture& on) -> Task<void> {
    co_await call(on.client, on.loop, "/a");
    H2ClientExchange exchange(on.client);
    http::RequestHead head;
    head.method_text = "POST";
    head.authority = "x";
    head.path = "/";
    head.body.chunked = true;
    exchange.send_head(head, false);
    exchange.request_body().flush();
    on.backend.stream->reset();
    on.backend.stream->readable().raise(on.loop);  // the end that resets is told nothing
    http::ResponseHead response;
    while (exchange.try_read_head(response) == ClientExchange::Head::WouldBlock) co_await async::wait_any(on.loop, kNever, exchange.ready());
    EXPECT_EQ(exchange.try_read_head(response), ClientExchange::Head::Closed);
    EXPECT_EQ(exchange.closing(), ClientExchange::Closing::Broken);
    EXPECT_TRUE(exchange.anything_sent());
  });
}

}  // namespace
}  // namespace cardea::conn
