// SPDX-License-Identifier: Apache-2.0
// H2Server against the same session in the role of a client, over pipes that are small and hand out bytes in pieces.
#include "conn/h2_server.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conn/testing/h2_served_pipe.h"

namespace cardea::conn {
namespace {

using async::kNever;
using async::Task;

// --- The client's side ----------------------------------------------------------------------------------------------

class Call final : public H2Stream {
 public:
  explicit Call(H2Session& session) : H2Stream(session, 0) {}

  void send(std::string_view method, std::string_view path, bool end_stream) {
    request_.method_text = method;
    request_.method = http::method_from(method);
    request_.authority = "a.test";
    request_.path = path;
    if (!end_stream) request_.body.chunked = true;
    start_writing(false, 0, false, end_stream);
    http::write_h2_request(request_, "http", session_.texts(), session_.list());
    opened = session_.open_request(*this, session_.list(), end_stream);
  }

  // Everything that came, consumed.
  void drain() {
    std::span<const char> data;
    while (reader().peek(data) == ReadStatus::Data) {
      body.append(data.data(), data.size());
      reader().consume(data.size());
    }
  }

  bool opened = false;
  std::vector<std::string> heads;
  std::string body;

 private:
  void on_field(std::string_view name, std::string_view value) override {
    if (!heads_done_ && name == ":status") heads.emplace_back(value);
    else if (heads_done_) heads.push_back(std::string(name) + "=" + std::string(value));
  }
  bool on_fields_end(bool) override {
    heads_done_ = heads.back()[0] != '1';
    return true;
  }
  bool send_staged_head(bool) override { return false; }
  bool head_staged() const override { return false; }

  http::RequestHead request_;
  bool heads_done_ = false;
};

class ClientEnd final : public H2Session::Owner {
 public:
  ClientEnd(net::Stream& stream, BufferPool& pool) : session(stream, pool, options_, *this) {}

  H2Stream* accept_stream(std::int32_t) override { return nullptr; }
  void on_request(H2Stream&) override {}
  void on_goaway(std::int32_t last, std::uint32_t) override { goaways.push_back(last); }

  std::vector<std::int32_t> goaways;

 private:
  H2Options options_{.role = H2Role::Client};

 public:
  H2Session session;
};

// Moves bytes until `done` says so, or nothing happens any more.
template <class Done>
Task<void> turn(async::Loop& loop, ClientEnd& client, Done done) {
  for (int i = 0; i < 2000 && !done(); ++i) {
    client.session.receive();
    client.session.send();
    co_await loop.yield();
  }
}

struct World : testing::H2ServedPipe {
  explicit World(async::Loop& on, std::size_t piece = 16 * 1024) : H2ServedPipe(on, piece) { client.emplace(*client_stream, pool); }
  Task<void> end() {
    client->session.fail();
    co_await H2ServedPipe::end();
  }
  std::optional<ClientEnd> client;
};

// --- What is tested -------------------------------------------------------------------------------------------------

Task<void> many_at_once(async::Loop& loop, std::size_t piece) {
  World world(loop, piece);
  {
    std::vector<std::unique_ptr<Call>> calls;
    for (int i = 0; i < 50; ++i) {
      calls.push_back(std::make_unique<Call>(world.client->session));
      calls.back()->send("POST", "/", false);
      const std::string body(static_cast<std::size_t>(i) * 10, 'b');
      if (!body.empty()) calls.back()->writer().try_write({body.data(), body.size()});
      calls.back()->writer().finish({});
    }
    co_await turn(loop, *world.client, [&] { return std::ranges::all_of(calls, [](const auto& call) { return call->closed(); }); });
    for (int i = 0; i < 50; ++i) {
      Call& call = *calls[static_cast<std::size_t>(i)];
      call.drain();
      EXPECT_EQ(call.heads, std::vector<std::string>{"200"}) << i;
      EXPECT_EQ(call.body, std::to_string(i * 10));
      EXPECT_EQ(call.error(), 0u);
    }
  }
  co_await world.end();
}

TEST(H2Server, ManyRequestsAtOnce) {
  for (const std::size_t piece : {std::size_t{16 * 1024}, std::size_t{7}}) {
    async::Loop loop;
    loop.run(many_at_once(loop, piece));
  }
}

Task<void> interim_and_trailers(async::Loop& loop) {
  World world(loop);
  {
    Call call(world.client->session);
    call.send("GET", "/hints", true);
    co_await turn(loop, *world.client, [&] { return call.closed(); });
    call.drain();
    EXPECT_EQ(call.heads, (std::vector<std::string>{"103", "200", "x-sum=7"}));
    EXPECT_EQ(call.body, "body");
  }
  co_await world.end();
}

TEST(H2Server, InterimResponsesAndTrailers) {
  async::Loop loop;
  loop.run(interim_and_trailers(loop));
}

Task<void> early_response(async::Loop& loop) {
  World world(loop);
  {
    Call call(world.client->session);
    call.send("POST", "/early", false);
    co_await turn(loop, *world.client, [&] { return call.closed(); });
    EXPECT_EQ(call.heads, std::vector<std::string>{"200"});
    EXPECT_TRUE(call.reader().ended());
    EXPECT_EQ(call.error(), kH2NoError) << "the rest of the body is not wanted, and nothing is wrong";
  }
  co_await world.end();
}

TEST(H2Server, AnEarlyResponseStopsTheRequest) {
  async::Loop loop;
  loop.run(early_response(loop));
}

Task<void> cancelled(async::Loop& loop) {
  World world(loop);
  {
    Call call(world.client->session);
    call.send("GET", "/never", true);
    co_await turn(loop, *world.client, [&] { return world.served.running == 1; });
    call.reset(kH2Cancel);
    co_await turn(loop, *world.client, [&] { return world.served.running == 0; });
    EXPECT_EQ(world.served.log, "gone ");
  }
  co_await world.end();
}

TEST(H2Server, AResetReachesTheExchange) {
  async::Loop loop;
  loop.run(cancelled(loop));
}

// A response that nobody reads, and a request body that nobody reads, hold back nobody else.
Task<void> slow_streams(async::Loop& loop) {
  World world(loop);
  {
    Call unread(world.client->session);
    unread.send("GET", "/big", true);
    Call held(world.client->session);
    held.send("POST", "/hold", false);
    const std::string piece(100'000, 'p');
    std::size_t uploaded = 0;
    for (int i = 0; i < 200; ++i) {
      uploaded += held.writer().try_write({piece.data(), piece.size()}).bytes;
      co_await turn(loop, *world.client, [n = 0]() mutable { return n++ == 3; });
    }
    EXPECT_EQ(uploaded, 64u * 1024) << "one stream's window, and no more";
    Call quick(world.client->session);
    quick.send("POST", "/", false);
    std::size_t sent = 0;
    for (int i = 0; i < 500 && sent < 300'000; ++i) {
      sent += quick.writer().try_write({piece.data(), std::min<std::size_t>(piece.size(), 300'000 - sent)}).bytes;
      co_await turn(loop, *world.client, [n = 0]() mutable { return n++ == 3; });
    }
    quick.writer().finish({});
    co_await turn(loop, *world.client, [&] { return quick.closed(); });
    quick.drain();
    EXPECT_EQ(quick.body, "300000");
    EXPECT_FALSE(unread.closed());
    co_await turn(loop, *world.client, [&] {
      unread.drain();
      return unread.closed();
    });
    unread.drain();
    EXPECT_EQ(unread.body.size(), 300'000u);
  }
  co_await world.end();
}

TEST(H2Server, ASlowStreamHoldsBackOnlyItself) {
  async::Loop loop;
  loop.run(slow_streams(loop));
}

Task<void> drains(async::Loop& loop) {
  World world(loop);
  {
    Call before(world.client->session);
    before.send("POST", "/", false);
    co_await turn(loop, *world.client, [&] { return world.served.running == 1; });
    world.stop.request(loop);
    co_await turn(loop, *world.client, [&] { return world.client->goaways.size() == 2; });
    EXPECT_EQ(world.client->goaways, (std::vector<std::int32_t>{0x7fffffff, 1})) << "announced, then said";
    before.writer().finish({});
    co_await turn(loop, *world.client, [&] { return before.closed() && !world.served.log.empty(); });
    before.drain();
    EXPECT_EQ(before.body, "0");
    EXPECT_EQ(world.served.log, "over");
  }
  co_await world.end();
}

TEST(H2Server, DrainsInTwoStepsAndCutsNothing) {
  async::Loop loop;
  loop.run(drains(loop));
}

}  // namespace
}  // namespace cardea::conn
