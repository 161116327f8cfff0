// SPDX-License-Identifier: Apache-2.0
// H2Server against clients that say what no library would let them say.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "conn/testing/h2_served_pipe.h"

namespace cardea::conn {
namespace {

using async::Task;

std::string frame(std::uint8_t type, std::uint8_t flags, std::uint16_t stream, std::string_view payload) {
  std::string out{0, static_cast<char>(payload.size() >> 8), static_cast<char>(payload.size()), static_cast<char>(type), static_cast<char>(flags)};
  out += std::string{0, 0, static_cast<char>(stream >> 8), static_cast<char>(stream)};
  return out.append(payload);
}
const std::string kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0, "");
// :method GET, :scheme http, :path /, :authority a (RFC 7541 appendix A).
const std::string kGet{"\x82\x86\x84\x41\x01\x61", 6};
const std::string kTrailer{"\0\1x\1y", 5};

Task<void> send_raw(async::Loop& loop, std::string bytes, std::string& log) {
  testing::H2ServedPipe world(loop);
  for (std::string_view rest = bytes; !rest.empty() && world.served.log.empty();) {
    const iovec part{const_cast<char*>(rest.data()), rest.size()};
    const auto result = world.client_stream->try_write({&part, 1});
    if (result.status == net::IoStatus::Failed) break;
    rest.remove_prefix(result.bytes);
    char sink[4096];
    while (world.client_stream->try_read(sink).status == net::IoStatus::Ok) {
    }
    co_await loop.yield();
  }
  for (int i = 0; i < 100 && world.served.log.empty(); ++i) {
    char sink[4096];
    while (world.client_stream->try_read(sink).status == net::IoStatus::Ok) {
    }
    co_await loop.yield();
  }
  log = world.served.log;
  co_await world.end();
}

std::string end_of(std::string bytes) {
  async::Loop loop;
  std::string log;
  loop.run(send_raw(loop, kPreface + std::move(bytes), log));
  return log;
}

std::string times(std::size_t count, const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += text;
  return out;
}

TEST(H2Server, FloodsEndTheConnection) {
  const std::string open = frame(1, 4, 1, kGet);
  EXPECT_EQ(end_of(times(200, frame(4, 0, 0, ""))), "over:settings");
  EXPECT_EQ(end_of(times(1100, frame(6, 0, 0, "12345678"))), "over:pings");
  EXPECT_EQ(end_of(times(1100, frame(2, 0, 9, std::string("\0\0\0\0\1", 5)))), "over:other_frames");
  EXPECT_EQ(end_of(times(1100, frame(0x77, 0, 0, ""))), "over:other_frames");
  EXPECT_EQ(end_of(times(2100, frame(8, 0, 0, std::string("\0\0\0\1", 4)))), "over:window_updates");
  EXPECT_EQ(end_of(open + times(120, frame(0, 0, 1, ""))), "over:empty_data");
  EXPECT_EQ(end_of(open + times(120, frame(0, 8, 1, std::string("\x05\0\0\0\0\0", 6)))), "over:empty_data") << "padding alone";
  EXPECT_EQ(end_of(frame(1, 0, 1, kGet) + times(20, frame(9, 0, 1, "\x84"))), "over:continuations");
}

TEST(H2Server, AFieldListThatBecomesHugeEndsTheConnection) {
  // One field of 4,000 bytes into the dynamic table, then named by one byte again and again.
  std::string block = kGet;
  block += std::string("\x40\x01x\x7f\xa1\x1e", 6) + std::string(4000, 'a');
  block += std::string(10'000, '\xbe');
  EXPECT_EQ(end_of(frame(1, 5, 1, block)), "over:field_list");
}

// A client that reads what comes frame by frame.
class RawClient {
 public:
  explicit RawClient(testing::H2ServedPipe& world) : world_(world) {}

  // Everything is sent, and frames of `type` and `flags` have come so often, or nothing more comes.
  Task<void> talk(std::string bytes, std::uint8_t type, std::uint8_t flags, std::size_t times) {
    std::string_view rest = bytes;
    for (int quiet = 0; quiet < 100 && (!rest.empty() || count(type, flags) < times); ++quiet) {
      const iovec part{const_cast<char*>(rest.data()), rest.size()};
      if (const auto sent = world_.client_stream->try_write({&part, 1}); sent.status == net::IoStatus::Ok && sent.bytes > 0) {
        rest.remove_prefix(sent.bytes);
        quiet = 0;
      }
      char block[4096];
      if (const auto came = world_.client_stream->try_read(block); came.status == net::IoStatus::Ok) {
        take({block, came.bytes});
        quiet = 0;
      }
      co_await world_.loop.yield();
    }
  }
  std::size_t count(std::uint8_t type, std::uint8_t flags) const {
    return static_cast<std::size_t>(std::ranges::count(frames_, std::pair{type, flags}));
  }

 private:
  void take(std::string_view bytes) {
    unread_ += bytes;
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(unread_[i]); };
    while (unread_.size() >= 9) {
      const std::size_t size = 9 + (std::size_t{byte(0)} << 16 | std::size_t{byte(1)} << 8 | byte(2));
      if (unread_.size() < size) break;
      frames_.emplace_back(byte(3), byte(4));
      unread_.erase(0, size);
    }
  }

  testing::H2ServedPipe& world_;
  std::string unread_;
  std::vector<std::pair<std::uint8_t, std::uint8_t>> frames_;
};

// It may, until it has heard of the limit; and of what was refused the bodies are already on their way.
Task<void> more_than_are_let_in(async::Loop& loop) {
  constexpr std::size_t kOpened = 250;
  constexpr std::size_t kServed = 128;
  testing::H2ServedPipe world(loop);
  RawClient client(world);
  const auto on_each = [](std::uint8_t type, std::uint8_t flags, std::string_view payload) {
    std::string out;
    for (std::uint16_t i = 0; i < kOpened; ++i) out += frame(type, flags, static_cast<std::uint16_t>(2 * i + 1), payload);
    return out;
  };
  const std::string post{"\x83\x86\x84\x41\x01\x61", 6};  // as kGet, with :method POST
  co_await client.talk(kPreface + on_each(1, 4, post), 3, 0, kOpened - kServed);
  EXPECT_EQ(client.count(3, 0), kOpened - kServed) << "refused";
  co_await client.talk(on_each(0, 0, "body"), 0, 1, 0);
  co_await client.talk(on_each(1, 5, kTrailer), 0, 1, kServed);
  EXPECT_EQ(client.count(1, 4), kServed) << "heads of answers";
  EXPECT_EQ(client.count(0, 1), kServed) << "their ends";
  EXPECT_EQ(client.count(7, 0), 0u) << "GOAWAY";
  EXPECT_EQ(world.served.log, "");
  co_await world.end();
}

TEST(H2Server, WhatIsStillSentOnRefusedStreamsHarmsNoOther) {
  async::Loop loop;
  loop.run(more_than_are_let_in(loop));
}

TEST(H2Server, ErrorsOfTheProtocolEndTheConnection) {
  EXPECT_EQ(end_of(frame(0, 0, 0, "x")), "over:protocol");
  EXPECT_EQ(end_of(frame(8, 0, 0, std::string(4, '\0'))), "over:protocol");
  EXPECT_EQ(end_of(frame(6, 0, 0, "1234")), "over:frame_size");
  EXPECT_EQ(end_of(frame(1, 4, 1, "\x82\xff\xff\xff\xff\xff\xff\xff")), "over:compression");
  async::Loop loop;
  std::string log;
  loop.run(send_raw(loop, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", log));
  EXPECT_EQ(log, "over:preface");
}

}  // namespace
}  // namespace cardea::conn
