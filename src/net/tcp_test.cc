// SPDX-License-Identifier: Apache-2.0
#include "net/tcp.h"

#include <gtest/gtest.h>

#include <string>

#include "net/pipe.h"

namespace cardea::net {
namespace {

using async::kNever;
using async::Task;

iovec part_of(std::string& text) { return {text.data(), text.size()}; }

Task<std::string> read_to_end(Stream& stream) {
  std::string text;
  char buffer[7];
  for (;;) {
    const IoResult result = stream.try_read(buffer);
    if (result.status == IoStatus::Ok) text.append(buffer, result.bytes);
    else if (result.status == IoStatus::End) co_return text;
    else if (result.status == IoStatus::Failed) co_return text + "!";
    else co_await async::wait_any(stream.loop(), kNever, stream.readable());
  }
}

Task<std::unique_ptr<TcpStream>> accept_one(async::Loop& loop, TcpListener& listener) {
  for (;;) {
    auto accepted = listener.try_accept();
    if (accepted.status == IoStatus::Ok) co_return std::make_unique<TcpStream>(loop, std::move(accepted.socket));
    co_await async::wait_any(loop, kNever, listener.acceptable());
  }
}

Task<void> talk(async::Loop& loop, std::string ip) {
  TcpListener listener(loop, std::move(*listen_tcp(*SocketAddress::parse(ip, 0))));
  auto connected = co_await connect_tcp(loop, listener.address(), loop.after(5000));
  EXPECT_EQ(connected.status, ConnectStatus::Connected);
  auto server = co_await accept_one(loop, listener);

  std::string hello = "hello, this is longer than one read";
  const iovec parts[] = {part_of(hello), part_of(hello)};
  EXPECT_EQ(connected.stream->try_write(parts).bytes, 2 * hello.size());
  connected.stream->shutdown_write();
  const std::string got = co_await read_to_end(*server);
  EXPECT_EQ(got, hello + hello);
  // The other half is still open.
  EXPECT_EQ(server->try_write({parts, 1}).bytes, hello.size());
  server->shutdown_write();
  const std::string back = co_await read_to_end(*connected.stream);
  EXPECT_EQ(back, hello);
}

TEST(Tcp, CarriesBytesAndHalfClosesOverIpv4) {
  async::Loop loop;
  loop.run(talk(loop, "127.0.0.1"));
}

TEST(Tcp, CarriesBytesAndHalfClosesOverIpv6) {
  async::Loop loop;
  if (!listen_tcp(*SocketAddress::parse("::1", 0))) GTEST_SKIP() << "no IPv6 here";
  loop.run(talk(loop, "::1"));
}

Task<void> be_quiet(async::Loop& loop) {
  TcpListener listener(loop, std::move(*listen_tcp(*SocketAddress::parse("127.0.0.1", 0))));
  auto connected = co_await connect_tcp(loop, listener.address(), loop.after(5000));
  auto server = co_await accept_one(loop, listener);
  char buffer[64];
  while (server->try_read(buffer).status != IoStatus::WouldBlock) {}
  server->set_quiet(true);
  std::string hello = "hello";
  const iovec part = part_of(hello);
  EXPECT_EQ(connected.stream->try_write({&part, 1}).bytes, hello.size());
  EXPECT_EQ(co_await async::wait_any(loop, loop.after(20), server->readable()), async::Wake::TimedOut);
  server->set_quiet(false);
  EXPECT_EQ(co_await async::wait_any(loop, loop.after(5000), server->readable()), async::Wake::Signalled);
  EXPECT_EQ(server->try_read(buffer).bytes, hello.size());
  // Also when the end came meanwhile.
  server->set_quiet(true);
  connected.stream->shutdown_write();
  EXPECT_EQ(co_await async::wait_any(loop, loop.after(20), server->readable()), async::Wake::TimedOut);
  server->set_quiet(false);
  EXPECT_EQ(co_await read_to_end(*server), "");
  server->set_quiet(true);  // and it may end so
}

TEST(Tcp, WhatArrivesWhileQuietWakesNobody) {
  async::Loop loop;
  loop.run(be_quiet(loop));
}

Task<ConnectStatus> connect_to_nobody(async::Loop& loop) {
  SocketAddress address;
  {
    TcpListener listener(loop, std::move(*listen_tcp(*SocketAddress::parse("127.0.0.1", 0))));
    address = listener.address();
  }
  co_return (co_await connect_tcp(loop, address, loop.after(5000))).status;
}

TEST(Tcp, ConnectTellsARefusal) {
  async::Loop loop;
  EXPECT_EQ(loop.run(connect_to_nobody(loop)), ConnectStatus::Failed);
}

Task<void> see_reset(async::Loop& loop) {
  TcpListener listener(loop, std::move(*listen_tcp(*SocketAddress::parse("127.0.0.1", 0))));
  auto connected = co_await connect_tcp(loop, listener.address(), loop.after(5000));
  auto server = co_await accept_one(loop, listener);
  server->reset_on_close();
  server.reset();
  while (!connected.stream->failed()) co_await async::wait_any(loop, kNever, connected.stream->changed());
  char byte;
  EXPECT_EQ(connected.stream->try_read({&byte, 1}).status, IoStatus::Failed);
}

TEST(Tcp, AResetIsSeenWhileNobodyReads) {
  async::Loop loop;
  loop.run(see_reset(loop));
}

TEST(SocketAddress, ReadsAndShowsBothFamilies) {
  EXPECT_EQ(SocketAddress::parse("192.0.2.1", 80)->text(), "192.0.2.1:80");
  EXPECT_EQ(SocketAddress::parse("2001:db8::1", 443)->text(), "[2001:db8::1]:443");
  EXPECT_EQ(SocketAddress::parse("::ffff:192.0.2.1", 1)->ip(), "192.0.2.1");
  EXPECT_FALSE(SocketAddress::parse("example.com", 80));
  EXPECT_FALSE(SocketAddress::parse("192.0.2.256", 80));
}

Task<void> pipe_talk(async::Loop& loop) {
  auto [one, two] = make_pipe(loop, 16);
  std::string text = "more than sixteen bytes";
  const iovec part = part_of(text);
  EXPECT_EQ(one->try_write({&part, 1}).bytes, 16u);
  EXPECT_EQ(one->try_write({&part, 1}).status, IoStatus::WouldBlock);
  two->set_read_piece(3);
  char buffer[8];
  EXPECT_EQ(two->try_read(buffer).bytes, 3u);
  one->shutdown_write();
  EXPECT_EQ(co_await read_to_end(*two), text.substr(3, 13));
}

TEST(Pipe, IsBoundedAndGivesPieces) {
  async::Loop loop;
  loop.run(pipe_talk(loop));
}

}  // namespace
}  // namespace cardea::net
