// SPDX-License-Identifier: Apache-2.0
// The stream of plans with a peer that is not ours, or not of our version.
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "app/http_server.h"
#include "app/testing/plan_stream.h"
#include "conn/line_channel.h"
#include "net/tls_client.h"
#include "plan/wire_delta.h"

namespace cardea::app {
namespace {

using namespace testing;

// --- what a peer that is not ours may say ----------------------------------------------------------------------------

// One request that says these lines and nothing more, and the answer to its end; without any, it ends at once.
struct Answer {
  std::uint16_t status = 0;
  std::string version;
  std::vector<std::string> lines;
  bool ended = false;
};
Task<Answer> ask(async::Loop& loop, const base::IpPort& where, const Authority& authority, std::string_view method, std::string_view path,
                 std::string_view version, std::string_view lines = {}) {
  const auto context = net::TlsClientContext::create({.ca_pem = {authority.ca.certificate_pem}, .system_roots = false, .certificate = {}, .alpn = {}, .rules = {}});
  auto connected = co_await net::connect_tcp(loop, *net::SocketAddress::parse(base::to_string(where.address), where.port), loop.after(5'000));
  auto stream = std::make_unique<net::TlsClientStream>(std::move(connected.stream), **context);
  Answer answer;
  const auto handshake = co_await stream->connect({"cardea-controller", {}}, loop.after(5'000));
  if (handshake != net::TlsHandshake::Done) co_return answer;
  conn::BufferPool buffers;
  const http::Limits limits;
  conn::H1Client client(std::move(stream), buffers, limits);
  http::RequestHead request;
  request.method = http::method_from(method);
  request.method_text = method;
  request.path = path;
  request.authority = "cardea-controller";
  request.body.chunked = true;
  request.fields.append("Authorization", "Bearer shop/web-cardea/a");
  request.fields.append(plan::wire::kVersionField, version);
  conn::H1ClientExchange exchange(client);
  exchange.send_head(request, false);
  conn::LineChannel channel(exchange.response_body(), exchange.request_body(), plan::wire::kMaxControllerLine);
  channel.say(std::string(lines));
  channel.send();
  if (lines.empty()) channel.finish();
  channel.send();
  http::ResponseHead head;
  const async::Deadline deadline = loop.after(5'000);
  for (;;) {
    const auto read = exchange.try_read_head(head);
    if (read == conn::ClientExchange::Head::Complete) break;
    if (read != conn::ClientExchange::Head::WouldBlock) co_return answer;
    const async::Wake wake = co_await async::wait_any(loop, deadline, exchange.ready());
    if (wake != async::Wake::Signalled) co_return answer;
  }
  answer.status = head.status;
  if (const auto* field = head.fields.find(plan::wire::kVersionField)) answer.version = field->value;
  while (!lines.empty() && channel.receive() != conn::LineChannel::Received::Ended) {
    while (const auto line = channel.next_line()) answer.lines.emplace_back(*line);
    channel.send();
    const async::Wake wake = co_await async::wait_any(loop, deadline, channel.readable(), channel.writable());
    if (wake != async::Wake::Signalled) co_return answer;
  }
  answer.ended = true;
  co_return answer;
}

STREAM_TEST(VersionsOfTheStreamMayDifferByOne) {
  Controller controller(loop, authority);
  controller.server.publish({plan::sample_plan()});
  struct Case {
    std::string_view method, path, version;
    std::uint16_t status;
  };
  const Case cases[] = {{"POST", "/v1/plans", "1", 200}, {"POST", "/v1/plans", "2", 200}, {"POST", "/v1/plans", "3", 400},
                        {"POST", "/v1/plans", "x", 400}, {"GET", "/v1/plans", "1", 405},  {"POST", "/v2/plans", "1", 404}};
  for (const Case& one : cases) {
    const Answer answer = co_await ask(loop, controller.address, authority, one.method, one.path, one.version);
    EXPECT_EQ(answer.status, one.status) << one.method << ' ' << one.path << ' ' << one.version;
    if (one.status == 200) {
      EXPECT_EQ(answer.version, "1");
    }
  }
  co_await controller.server.stop();
}

STREAM_TEST(WhoNeverSaysThatAPlanIsLiveIsCutOff) {
  Controller controller(loop, authority, 0, {.controller = "c", .version = "1", .limits = {.report_timeout = std::chrono::milliseconds(30)}});
  controller.server.publish({plan::sample_plan()});
  const std::string lines = plan::wire::to_line(plan::wire::Hello{"a", "1", "1"}) + plan::wire::to_line(plan::wire::Take{});
  const Answer answer = co_await ask(loop, controller.address, authority, "POST", "/v1/plans", "1", lines);
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(answer.ended);
  EXPECT_GE(answer.lines.size(), 2u);
  EXPECT_EQ(controller.web().served, nullptr);
  co_await controller.server.stop();
}

STREAM_TEST(WhatIsNoMessageEndsTheStream) {
  Controller controller(loop, authority);
  controller.server.publish({plan::sample_plan()});
  for (const std::string& lines : {std::string("no message\n"), std::string("{\"holding\": 7}\n"), std::string(2u << 20, 'x')}) {
    const Answer answer = co_await ask(loop, controller.address, authority, "POST", "/v1/plans", "1", lines);
    EXPECT_EQ(answer.status, 200);
    EXPECT_TRUE(answer.ended) << lines.substr(0, 20);
  }
  EXPECT_EQ(controller.server.metrics().streams.value(), 0);
  co_await controller.server.stop();
}

// --- one version older, one newer ------------------------------------------------------------------------------------

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  if (at != std::string::npos) text.replace(at, from.size(), to);
  return text;
}

// A controller of another version: says its lines when plans are asked for, and keeps what it is told.
class OtherController final : public HttpHandler {
 public:
  OtherController(std::string version, std::function<std::vector<std::string>()> lines) : version_(std::move(version)), lines_(std::move(lines)) {}

  Task<void> handle(conn::Exchange& exchange, const Client&) override {
    asked_version = exchange.request.fields.find(plan::wire::kVersionField)->value;
    http::ResponseHead head;
    head.status = 200;
    head.fields.append(plan::wire::kVersionField, version_);
    exchange.respond(head);
    conn::LineChannel channel(exchange.request_body(), exchange.response_body(), plan::wire::kMaxProxyLine);
    channel.say("{\"welcome\": {\"controller\": \"other\", \"version\": \"9\", \"mood\": \"new\"}}\n");
    for (;;) {
      const auto received = channel.receive();
      while (const auto line = channel.next_line()) take(channel, *line);
      channel.send();
      if (received != conn::LineChannel::Received::Waiting && received != conn::LineChannel::Received::More) co_return;
      const async::Wake wake = co_await async::wait_any(exchange.loop(), async::kNever, channel.readable(), channel.writable(), leave.signal());
      if (wake != async::Wake::Signalled || leave.requested()) co_return;
    }
  }
  async::StopSource leave;
  std::string asked_version;
  plan::wire::Report report;

 private:
  void take(conn::LineChannel& channel, std::string_view line) {
    const auto message = plan::wire::parse_from_proxy(line);
    if (!message) return ADD_FAILURE() << line, void();
    if (const auto* said = std::get_if<plan::wire::Report>(&*message)) report = *said;
    if (!std::holds_alternative<plan::wire::Take>(*message)) return;
    std::string text;
    for (const std::string& each : lines_()) text += each;
    channel.say(std::move(text));
  }
  std::string version_;
  std::function<std::vector<std::string>()> lines_;
};

// What a controller of this version says of a whole plan.
std::vector<std::string> lines_of(const plan::Ref<plan::Plan>& plan) {
  std::vector<std::string> lines;
  plan::wire::Delta delta(nullptr, {}, plan);
  while (auto line = delta.next_line()) lines.push_back(*std::move(line));
  return lines;
}

// With a member that this version does not know in the one rule.
std::vector<std::string> with_new_rule(const plan::Ref<plan::Plan>& plan) {
  auto lines = lines_of(plan);
  for (std::string& line : lines) {
    if (line.contains("\"part\":\"rule\"")) line = replaced(line, "\"name\":\"only\"", "\"name\":\"only\",\"teleport\":true");
  }
  return lines;
}

STREAM_TEST(ANewerControllerIsUnderstoodButForWhatIsNew) {
  const auto plan = plan::sample_plan();
  OtherController newer("2", [&] {
    auto lines = with_new_rule(plan);
    lines.front().insert(0, "{\"weather\": {\"sunny\": true}}\n");
    return lines;
  });
  HttpServer server(loop, newer);
  const auto address = server.listen({*base::parse_ip("127.0.0.1"), 0}, authority.context());
  EXPECT_TRUE(address);
  Proxy proxy(loop, folder.path(), {*address}, "a");
  WAIT_FOR(newer.report.plan == plan::wire::id_of(*plan));
  EXPECT_EQ(newer.asked_version, "1");
  EXPECT_TRUE(newer.report.ready);
  EXPECT_EQ(newer.report.refusals,
            (std::vector<plan::wire::Refusal>{{"rule HTTPRoute shop/cart/0", "teleport is not known"}}));
  // Everything else is live: the listeners, their certificates, where the backends are.
  EXPECT_EQ(proxy.applied.size(), 1u);
  const auto& live = *proxy.applied.at(0);
  EXPECT_EQ(live.routing->listeners.size(), 2u);
  EXPECT_EQ(live.routing->listeners[0]->virtual_hosts.at(0)->matches.size(), 2u);
  EXPECT_EQ(live.secrets->certificates.size(), 1u);
  EXPECT_EQ(live.endpoints->backends.at(0)->endpoints.size(), 2u);
  EXPECT_EQ(live.settings->values, plan->settings->values);
  co_await end(proxy);
  co_await server.stop(5'000);
}

// What it did not understand is sent again by a controller of its own version, and nothing is refused any more.
STREAM_TEST(AnUpdateOfTheControllerIsGoneBackOn) {
  const auto plan = plan::sample_plan();
  OtherController newer("2", [&] { return with_new_rule(plan); });
  HttpServer server(loop, newer);
  const auto address = server.listen({*base::parse_ip("127.0.0.1"), 0}, authority.context());
  EXPECT_TRUE(address);
  Controller own(loop, authority);  // answers 503 as long as it has no plans
  Proxy proxy(loop, folder.path(), {*address, own.address}, "a");
  WAIT_FOR(newer.report.refusals.size() == 1);
  const auto parts = proxy.client->metrics().parts.value();
  newer.leave.request(loop);
  co_await server.stop(5'000);
  own.server.publish({plan});
  WAIT_FOR(own.web().served == plan && own.web().refusals.empty());
  EXPECT_EQ(proxy.applied.size(), 2u);
  EXPECT_EQ(proxy.applied.at(1)->routing->listeners[0]->virtual_hosts.at(0)->matches.at(0).rule->name, "only");
  EXPECT_LT(proxy.client->metrics().parts.value() - parts, parts);  // the rest was held
  co_await end(proxy);
  co_await own.server.stop();
}

STREAM_TEST(AControllerThatIsTwoVersionsAheadIsNotBelieved) {
  OtherController newest("3", [] { return std::vector<std::string>(); });
  HttpServer server(loop, newest);
  const auto address = server.listen({*base::parse_ip("127.0.0.1"), 0}, authority.context());
  EXPECT_TRUE(address);
  Proxy proxy(loop, folder.path(), {*address}, "a");
  WAIT_FOR(proxy.client->metrics().failures.value() >= 1 && !proxy.client->problems().empty());
  EXPECT_TRUE(proxy.client->problems().at(0).contains("one side speaks version 1 of the stream and the other 3")) << proxy.client->problems().at(0);
  EXPECT_TRUE(proxy.applied.empty());
  co_await end(proxy);
  co_await server.stop(5'000);
}

// Says things that this version does not know, leaves out what it does not have to say, and refuses a part.
STREAM_TEST(AProxyOfAnotherVersionIsUnderstood) {
  Controller controller(loop, authority, 0, {.controller = "c", .version = "1", .limits = {.stream_life = std::chrono::milliseconds(300)}});
  const auto plan = plan::sample_plan();
  controller.server.publish({plan});
  plan::wire::Report report;
  report.plan = plan::wire::id_of(*plan);
  report.ready = true;
  report.refusals = {{"rule HTTPRoute shop/cart/0", "teleport is not known"}};
  const std::string lines = "{\"hello\": {\"pod\": \"a\", \"version\": \"9\", \"instance\": \"1\", \"zone\": \"x\"}}\n{\"mood\": 7}\n" +
                            plan::wire::to_line(plan::wire::Take{}) + replaced(plan::wire::to_line(report), "\"ready\"", "\"load\":0.5,\"ready\"");
  translate::GatewayObserved seen;
  async::TaskScope asking(loop);
  asking.spawn(+[](async::Loop* of, const base::IpPort* where, const Authority* whom, const std::string* say) -> Task<void> {
    const Answer answer = co_await ask(*of, *where, *whom, "POST", "/v1/plans", "2", *say);
    EXPECT_EQ(answer.status, 200);
    EXPECT_TRUE(answer.ended);
  }, &loop, &controller.address, &authority, &lines);
  WAIT_FOR(controller.web().served == plan);
  EXPECT_EQ(controller.web().ready_proxies, 1);
  EXPECT_TRUE(controller.web().laggards.empty());
  EXPECT_EQ(controller.web().refusals, (std::vector<translate::Refusal>{{"rule HTTPRoute shop/cart/0", "teleport is not known"}}));
  co_await asking.close();
  co_await controller.server.stop();
}

}  // namespace
}  // namespace cardea::app
