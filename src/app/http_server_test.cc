// SPDX-License-Identifier: Apache-2.0
// The small server and the echo behind it, over loopback.
#include "app/http_server.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "app/echo.h"

namespace cardea::app {
namespace {

constexpr std::uint64_t kPatience = 60'000;

async::Task<std::unique_ptr<net::TcpStream>> connect(async::Loop& loop, base::IpPort address) {
  const auto peer = net::SocketAddress::parse(base::to_string(address.address), address.port);
  net::Connected connected = co_await net::connect_tcp(loop, *peer, loop.after(kPatience));
  co_return std::move(connected.stream);
}

async::Task<void> send(net::TcpStream& stream, std::string_view text) {
  while (!text.empty()) {
    const iovec part{const_cast<char*>(text.data()), text.size()};
    const auto result = stream.try_write({&part, 1});
    if (result.status == net::IoStatus::Ok) {
      text.remove_prefix(result.bytes);
    } else if (result.status == net::IoStatus::WouldBlock) {
      co_await async::wait_any(stream.loop(), stream.loop().after(kPatience), stream.writable());
    } else {
      co_return;
    }
  }
}

// Until `end` has come, or the connection's end.
async::Task<std::string> receive(net::TcpStream& stream, std::string_view end) {
  std::string text;
  char buffer[4096];
  while (end.empty() || text.find(end) == std::string::npos) {
    const auto result = stream.try_read(buffer);
    if (result.status == net::IoStatus::Ok) {
      text.append(buffer, result.bytes);
    } else if (result.status == net::IoStatus::WouldBlock) {
      const auto wake = co_await async::wait_any(stream.loop(), stream.loop().after(kPatience), stream.readable());
      if (wake != async::Wake::Signalled) break;
    } else {
      break;
    }
  }
  co_return text;
}

async::Task<std::string> ask(async::Loop& loop, std::string_view request) {
  EchoHandler handler("tested");
  HttpServer server(loop, handler);
  const auto address = server.listen(*base::parse_ip_port("127.0.0.1:0"));
  EXPECT_TRUE(address) << address.error().message;
  auto stream = co_await connect(loop, *address);
  co_await send(*stream, request);
  std::string answer = co_await receive(*stream, "");
  stream.reset();
  co_await server.stop(kPatience);
  co_return answer;
}

std::string ask(std::string_view request) {
  async::Loop loop;
  return loop.run(ask(loop, request));
}

TEST(HttpServer, AnswersAndKeepsTheConnection) {
  const std::string answer = ask(
      "POST /first HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
      "GET /status/418?bytes=3 HTTP/1.1\r\nHost: a.test\r\nX-Echo-Set-Header: X-Tea: pot\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
  EXPECT_NE(answer.find("\"path\":\"/first\""), std::string::npos) << answer;
  EXPECT_NE(answer.find("\"body_bytes\":3"), std::string::npos) << answer;
  EXPECT_NE(answer.find("HTTP/1.1 418 "), std::string::npos) << answer;
  EXPECT_NE(answer.find("X-Tea: pot\r\n"), std::string::npos) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\nxxx")) << answer;
}

TEST(HttpServer, RefusesWhatIsMalformed) {
  EXPECT_TRUE(ask("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n").starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(ask("GET / HTTP/1.1\r\nHost: a.test\r\nExpect: miracles\r\nConnection: close\r\n\r\n").starts_with("HTTP/1.1 417 "));
}

TEST(HttpServer, SendsContinueToThoseWhoWait) {
  const std::string answer =
      ask("PUT / HTTP/1.1\r\nHost: a.test\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")) << answer;
}

TEST(HttpServer, EchoesWebSocketMessages) {
  const std::string answer = ask(
      "GET /chat HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
      "\x81\x82\x01\x01\x01\x01\x69\x68"
      "\x88\x80\x01\x01\x01\x01");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 101 ")) << answer;
  EXPECT_NE(answer.find("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), std::string::npos) << answer;
  EXPECT_NE(answer.find("\x81\x02hi"), std::string::npos) << answer;
}

async::Task<void> stop_with_idle_connection(async::Loop& loop) {
  EchoHandler handler("tested");
  HttpServer server(loop, handler);
  const auto address = server.listen(*base::parse_ip_port("[::1]:0"));
  auto stream = co_await connect(loop, *address);
  co_await send(*stream, "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
  co_await receive(*stream, "}\n");
  co_await server.stop(kPatience);
  EXPECT_EQ(co_await receive(*stream, ""), "") << "closed";
}

TEST(HttpServer, StopsWithIdleConnections) {
  async::Loop loop;
  loop.run(stop_with_idle_connection(loop));
}

TEST(HttpServer, APortThatIsTakenIsSaid) {
  async::Loop loop;
  EchoHandler handler("tested");
  const auto taken = net::listen_tcp(*net::SocketAddress::parse("127.0.0.1", 0));
  ASSERT_TRUE(taken);
  HttpServer server(loop, handler);
  const auto refused =
      server.listen({*base::parse_ip("127.0.0.1"), net::SocketAddress::of_local(taken->get()).port()});
  ASSERT_FALSE(refused) << "also when the other one would share it";
  EXPECT_NE(refused.error().message.find("in use"), std::string::npos);
}

}  // namespace
}  // namespace cardea::app
