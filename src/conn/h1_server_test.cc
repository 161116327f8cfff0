// SPDX-License-Identifier: Apache-2.0
#include "conn/h1_server.h"

#include <gtest/gtest.h>

#include <cctype>
#include <set>
#include <string>
#include <string_view>

#include "async/scope.h"
#include "net/pipe.h"

namespace cardea::conn {
namespace {

using async::kNever;
using async::Task;

// Answers with the request's body, chunked where the client may read that.
Task<void> answer(H1Exchange& exchange) {
  std::string body;
  for (;;) {
    std::span<const char> data;
    const ReadStatus status = exchange.request_body().peek(data);
    if (status == ReadStatus::Data) {
      body.append(data.data(), data.size());
      exchange.request_body().consume(data.size());
    } else if (status == ReadStatus::WouldBlock) {
      co_await async::wait_any(exchange.loop(), kNever, exchange.request_body().ready());
    } else {
      if (status == ReadStatus::Failed) body = "failed";
      break;
    }
  }
  body = std::string(exchange.request.path) + ":" + body;
  if (exchange.request.method == http::Method::Delete) {
    co_await respond_with_text(exchange, 200, "text/plain", body, kNever);
    co_return;
  }
  http::ResponseHead head;
  head.status = 200;
  exchange.respond(head);
  exchange.response_body().try_write({body.data(), body.size()});
  exchange.response_body().finish({});
}

Task<void> serve(net::Stream* stream, BufferPool* pool, async::StopSource* stop, std::string* log) {
  const http::Limits limits;
  H1Server server(*stream, *pool, limits);
  while (co_await server.wait_for_request(kNever, async::StopToken(*stop)) == H1Server::Waited::Bytes) {
    H1Exchange exchange(server);
    const auto read = co_await exchange.read_head(kNever);
    if (read == H1Exchange::Read::Malformed) {
      co_await respond_with_text(exchange, http::fault_status(exchange.fault()), "text/plain", "no", kNever);
      *log += "malformed ";
    } else if (read == H1Exchange::Read::Request) {
      co_await answer(exchange);
    }
    const bool again = co_await exchange.finish(kNever);
    *log += again ? "again " : "end ";
    if (!again) {
      co_await server.linger(kNever);
      break;
    }
  }
  stream->shutdown_write();
}

// Unsays a response of which nothing was sent, and gives another.
Task<void> change_mind(net::Stream* stream, BufferPool* pool, async::StopSource* stop, std::string* log) {
  const http::Limits limits;
  H1Server server(*stream, *pool, limits);
  co_await server.wait_for_request(kNever, async::StopToken(*stop));
  H1Exchange exchange(server);
  co_await exchange.read_head(kNever);
  http::ResponseHead early;
  early.status = 103;
  exchange.inform(early);
  http::ResponseHead head;
  head.status = 200;
  exchange.respond(head);
  exchange.response_body().try_write({"part", 4});
  *log += exchange.take_back() ? "taken back" : "too late";
  co_await respond_with_text(exchange, 502, "text/plain", "no", kNever);
  if (exchange.take_back()) *log += ", twice";
  co_await exchange.finish(kNever);
  stream->shutdown_write();
}

Task<std::string> read_all(net::Stream& stream) {
  std::string text;
  char buffer[512];
  for (;;) {
    const auto result = stream.try_read(buffer);
    if (result.status == net::IoStatus::Ok) text.append(buffer, result.bytes);
    else if (result.status == net::IoStatus::WouldBlock) co_await async::wait_any(stream.loop(), kNever, stream.readable());
    else co_return text;
  }
}

// Sends `request` in two pieces split at `split`, finishes sending, and gives all that comes back.
Task<std::string> converse(async::Loop& loop, std::string request, std::size_t split, std::string& log) {
  BufferPool pool;
  async::StopSource stop;
  async::TaskScope scope(loop);
  auto [client, server] = net::make_pipe(loop);
  scope.spawn(serve, server.get(), &pool, &stop, &log);
  for (const auto piece : {std::string_view(request).substr(0, split), std::string_view(request).substr(split)}) {
    const iovec part{const_cast<char*>(piece.data()), piece.size()};
    if (!piece.empty()) client->try_write({&part, 1});
    for (int i = 0; i < 3; ++i) co_await loop.yield();
  }
  client->shutdown_write();
  std::string answer = co_await read_all(*client);
  co_await scope.close();
  co_return answer;
}

struct Case {
  std::string_view name;
  std::string request;
  std::string answer;
  std::string log;
};

const Case kCases[] = {
    {"no body", "GET /a HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n/a:\r\n0\r\n\r\n",
     "again "},
    {"pipelined with bodies",
     "DELETE /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nxyz"
     "DELETE /b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n1\r\n!\r\n0\r\n\r\n"
     "DELETE /c HTTP/1.1\r\nHost: a\r\n\r\n",
     "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nContent-Type: text/plain\r\n\r\n/a:xyz"
     "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nContent-Type: text/plain\r\n\r\n/b:hi!"
     "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Type: text/plain\r\n\r\n/c:",
     "again again again "},
    {"close is asked for", "DELETE /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
     "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\nContent-Type: text/plain\r\n\r\n/a:", "end "},
    {"HTTP/1.0 gets no chunks", "GET /a HTTP/1.0\r\n\r\n", "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n/a:", "end "},
    {"HTTP/1.0 keep-alive", "DELETE /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
     "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: keep-alive\r\nContent-Type: text/plain\r\n\r\n/a:", "again "},
    {"HEAD has a head alone", "HEAD /a HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n", "again "},
    {"malformed", "GET /a HTTP/1.1\r\nHost : a\r\n\r\n",
     "HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\nConnection: close\r\nContent-Type: text/plain\r\n\r\nno",
     "malformed end "},
};

Task<std::string> talk_to_one_who_changes_its_mind(async::Loop& loop, std::string& log) {
  BufferPool pool;
  async::StopSource stop;
  async::TaskScope scope(loop);
  auto [client, server] = net::make_pipe(loop);
  scope.spawn(change_mind, server.get(), &pool, &stop, &log);
  std::string request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  const iovec part{request.data(), request.size()};
  client->try_write({&part, 1});
  std::string answer = co_await read_all(*client);
  co_await scope.close();
  co_return answer;
}

TEST(H1Exchange, TakesBackAResponseOfWhichNothingHasLeft) {
  async::Loop loop;
  std::string log;
  const std::string answer = loop.run(talk_to_one_who_changes_its_mind(loop, log));
  EXPECT_EQ(log, "taken back");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 502 Bad Gateway\r\n")) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\nno")) << answer;
}

class H1ServerTest : public testing::TestWithParam<Case> {};

// The order of header fields is the writer's business, and the time passes: compare heads as sets of lines without Date.
std::multiset<std::string> lines(std::string_view text) {
  std::multiset<std::string> found;
  while (!text.empty()) {
    const auto end = text.find("\r\n");
    if (!text.starts_with("Date: ")) found.emplace(text.substr(0, end));
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 2);
  }
  return found;
}

TEST_P(H1ServerTest, AnswersAlikeWhereverTheRequestIsSplit) {
  const Case& test = GetParam();
  for (std::size_t split = 0; split <= test.request.size(); ++split) {
    async::Loop loop;
    std::string log;
    const std::string answer = loop.run(converse(loop, test.request, split, log));
    ASSERT_EQ(lines(answer), lines(test.answer)) << "split at " << split << "\n" << answer;
    ASSERT_EQ(log, test.log) << "split at " << split;
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, H1ServerTest, testing::ValuesIn(kCases), [](const auto& info) {
  std::string name;
  for (char c : info.param.name) name += std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
  return name;
});

Task<std::string> idle_then_stop(async::Loop& loop, std::string& log) {
  BufferPool pool;
  async::StopSource stop;
  async::TaskScope scope(loop);
  auto [client, server] = net::make_pipe(loop);
  scope.spawn(serve, server.get(), &pool, &stop, &log);
  co_await loop.yield();
  stop.request(loop);
  co_await scope.close();
  co_return co_await read_all(*client);
}

TEST(H1Server, AnIdleConnectionEndsWhenStopped) {
  async::Loop loop;
  std::string log;
  EXPECT_EQ(loop.run(idle_then_stop(loop, log)), "");
  EXPECT_EQ(log, "");
}

}  // namespace
}  // namespace cardea::conn
