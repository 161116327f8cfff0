// SPDX-License-Identifier: Apache-2.0
#include "app/listen_addresses.h"

#include <gtest/gtest.h>

#include "app/http_server.h"

namespace cardea::app {
namespace {

TEST(ListenAt, IsWrittenAsItIsRead) {
  for (const char* text : {"127.0.0.1:9901", "[::1]:0", "0.0.0.0:80", "*:9443"}) {
    const auto at = parse_listen_at(text);
    ASSERT_TRUE(at) << text;
    EXPECT_EQ(to_string(*at), text);
  }
  for (const char* text : {"", "*", "*:", "*:x", "*:65536", "9901", "::1:9901", "localhost:80", "[*]:80"}) {
    const auto at = parse_listen_at(text);
    ASSERT_FALSE(at) << text;
    EXPECT_TRUE(at.error().message.contains("ADDRESS:PORT")) << at.error().message;
  }
}

TEST(ListenAt, OneAddressIsOneCall) {
  std::vector<std::string> calls;
  const auto bound = listen_at(*parse_listen_at("[::1]:7"), [&](const base::IpPort& where) -> base::Result<base::IpPort> {
    calls.push_back(base::to_string(where));
    return where;
  });
  ASSERT_TRUE(bound);
  EXPECT_EQ(calls, std::vector<std::string>{"[::1]:7"});
}

// A probe calls the pod's address, of whichever family that is.
TEST(ListenAt, AllIsEveryFamilyAtOnePort) {
  std::vector<std::string> calls;
  const auto bound = listen_at(*parse_listen_at("*:0"), [&](base::IpPort where) -> base::Result<base::IpPort> {
    if (where.port == 0) where.port = 4711;
    calls.push_back(base::to_string(where));
    return where;
  });
  ASSERT_TRUE(bound);
  EXPECT_EQ(bound->port, 4711);
  std::vector<std::string> expected;
  for (const std::string& address : listen_addresses({})) expected.push_back(base::to_string(base::IpPort{*base::parse_ip(address), 4711}));
  EXPECT_EQ(calls, expected);
}

TEST(ListenAt, WhatFailsIsSaid) {
  const auto bound = listen_at(*parse_listen_at("*:80"), [](const base::IpPort& where) -> base::Result<base::IpPort> {
    return base::fail("cannot listen on " + base::to_string(where));
  });
  ASSERT_FALSE(bound);
  EXPECT_EQ(bound.error().message, "cannot listen on 0.0.0.0:80");
}

async::Task<bool> answers(async::Loop& loop, std::string_view ip, std::uint16_t port) {
  const auto connected = co_await net::connect_tcp(loop, *net::SocketAddress::parse(ip, port), loop.after(5'000));
  co_return connected.status == net::ConnectStatus::Connected;
}

struct Nothing final : HttpHandler {
  async::Task<void> handle(conn::Exchange&, const Client&) override { co_return; }
};

async::Task<void> reach_by_every_family(async::Loop& loop) {
  Nothing handler;
  HttpServer server(loop, handler);
  const auto bound = listen_at(*parse_listen_at("*:0"), [&](const base::IpPort& where) { return server.listen(where); });
  EXPECT_TRUE(bound) << bound.error().message;
  for (const std::string& address : listen_addresses({})) {
    const bool reached = bound && co_await answers(loop, address == "::" ? "::1" : "127.0.0.1", bound->port);
    EXPECT_TRUE(reached) << address;
  }
  co_await server.stop(5'000);
}

TEST(ListenAt, AServerIsReachedByEveryFamily) {
  async::Loop loop;
  loop.run(reach_by_every_family(loop));
}

}  // namespace
}  // namespace cardea::app
