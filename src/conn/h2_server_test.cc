// SPDX-License-Identifier: Apache-2.0
// H2Server against the same session in the role of a client, over pipes that are small and hand out bytes in pieces.
#include "conn/h2_server.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include <string>
#include <string_view>
#include <vector>

#include "async/scope.h"
#include "net/pipe.h"

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

// --- The server's side ----------------------------------------------------------------------------------------------

struct Served {
  std::string log;
  int running = 0;
  bool hold_uploads = false;
};

Task<void> answer(Served* served, std::unique_ptr<H2Exchange> exchange) {
  ++served->running;
  const std::string path(exchange->request.path);
  http::ResponseHead head;
  head.status = 200;
  if (path == "/early") {
    head.body.has_length = true;
    exchange->respond(head);
    exchange->response_body().finish({});
  } else if (path == "/hints") {
    head.status = 103;
    exchange->inform(head);
    head.status = 200;
    exchange->respond(head);
    http::Fields trailers;
    trailers.append("X-Sum", "7");
    exchange->response_body().try_write({"body", 4});
    exchange->response_body().finish(trailers);
  } else if (path == "/never") {
    while (!exchange->client_gone() && !exchange->loop().ended()) {
      co_await async::wait_any(exchange->loop(), kNever, exchange->client_changed());
    }
    served->log += "gone ";
  } else if (path == "/big") {
    exchange->respond(head);
    const std::string piece(10'000, 'x');
    for (std::size_t sent = 0; sent < 300'000;) {
      const auto written = exchange->response_body().try_write({piece.data(), std::min<std::size_t>(piece.size(), 300'000 - sent)});
      sent += written.bytes;
      if (written.status == WriteStatus::Failed) break;
      if (written.status == WriteStatus::WouldBlock) co_await async::wait_any(exchange->loop(), kNever, exchange->response_body().ready());
    }
    exchange->response_body().finish({});
  } else if (path == "/hold") {
    while (!exchange->closed()) co_await async::wait_any(exchange->loop(), kNever, exchange->client_changed());
  } else {
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
        if (status == ReadStatus::Failed) body = "failed";
        break;
      }
    }
    co_await respond_with_text(*exchange, 200, "text/plain", std::to_string(body.size()), kNever);
  }
  co_await exchange->finish(kNever);
  --served->running;
}

Task<void> serve(net::Stream* stream, BufferPool* pool, async::StopSource* stop, Served* served) {
  const http::Limits limits;
  const H2ServerOptions options;
  H2Server server(*stream, *pool, limits, options);
  async::TaskScope scope(stream->loop());
  while (auto exchange = co_await server.next(async::StopToken(*stop))) scope.spawn(answer, served, std::move(exchange));
  co_await scope.close();
  served->log += "over";
  if (!server.fault().empty()) served->log += ":" + std::string(server.fault());
  stream->shutdown_write();
}

struct World {
  explicit World(async::Loop& on, std::size_t piece = 16 * 1024) : loop(on), scope(on) {
    auto [one, two] = net::make_pipe(loop);
    client_stream = std::move(one);
    server_stream = std::move(two);
    server_stream->set_read_piece(piece);
    scope.spawn(serve, server_stream.get(), &pool, &stop, &served);
    client.emplace(*client_stream, pool);
  }
  Task<void> end() {
    client->session.fail();
    client_stream->shutdown_write();
    client_stream->reset();
    co_await scope.close();
  }
  async::Loop& loop;
  BufferPool pool;
  async::StopSource stop;
  Served served;
  std::unique_ptr<net::PipeEnd> client_stream;
  std::unique_ptr<net::PipeEnd> server_stream;
  async::TaskScope scope;
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

// --- Raw bytes ------------------------------------------------------------------------------------------------------

std::string frame(std::uint8_t type, std::uint8_t flags, std::uint8_t stream, std::string_view payload) {
  std::string out{0, static_cast<char>(payload.size() >> 8), static_cast<char>(payload.size()), static_cast<char>(type), static_cast<char>(flags)};
  out += std::string{0, 0, 0, static_cast<char>(stream)};
  return out.append(payload);
}
const std::string kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0, "");
// :method GET, :scheme http, :path /, :authority a (RFC 7541 appendix A).
const std::string kGet{"\x82\x86\x84\x41\x01\x61", 6};

Task<void> send_raw(async::Loop& loop, std::string bytes, std::string& log) {
  World world(loop);
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
