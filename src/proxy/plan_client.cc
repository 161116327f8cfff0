// SPDX-License-Identifier: Apache-2.0
#include "proxy/plan_client.h"

#include <fmt/core.h>

#include <algorithm>
#include <optional>
#include <system_error>
#include <utility>
#include <variant>

#include "base/file.h"
#include "base/log.h"
#include "base/strings.h"
#include "conn/h1_client.h"
#include "conn/line_channel.h"
#include "net/tcp.h"
#include "net/tls_client.h"

namespace cardea::proxy {
namespace {

namespace wire = plan::wire;

constexpr std::size_t kMaxTokenBytes = 64 * 1024;
constexpr std::size_t kMaxCaBytes = 1u << 20;
constexpr std::size_t kMaxRefusalText = 512;
constexpr std::size_t kHoldingPiece = 4096;  // hashes in a line

std::string_view why_not(net::ConnectStatus status) {
  return status == net::ConnectStatus::TimedOut ? "no answer in time" : "the program is ending";
}

}  // namespace

struct PlanClient::Link {
  base::IpPort address;
  std::string text;
  async::StopSource stop;
  bool up = false;  // has a stream, and was welcomed
  std::string problem;
};

PlanClient::PlanClient(async::Loop& loop, PlanClientOptions options, Apply apply, LookUp look_up)
    : loop_(loop), options_(std::move(options)), apply_(std::move(apply)), look_up_(std::move(look_up)), tasks_(loop) {}

PlanClient::~PlanClient() = default;

async::Task<void> PlanClient::run() {
  tasks_.spawn(&PlanClient::look_for_controllers, this);
  co_await tasks_.close();
}

void PlanClient::stop() {
  stop_.request(loop_);
  for (auto& [address, link] : links_) link->stop.request(loop_);
}

// --- which controllers there are -------------------------------------------------------------------------------------

async::Task<base::Result<std::vector<base::IpPort>>> PlanClient::addresses_of(const PlanClientOptions::Controller& controller) {
  if (const auto ip = base::parse_ip(controller.host)) co_return std::vector{base::IpPort{*ip, controller.port}};
  auto found = co_await look_up_(controller.host);
  if (!found) co_return std::unexpected(std::move(found).error());
  std::vector<base::IpPort> addresses;
  for (const base::IpAddress& ip : found->addresses) addresses.push_back({ip, controller.port});
  co_return addresses;
}

// While a name cannot be looked up, those that it had stay.
async::Task<void> PlanClient::look_for_controllers(PlanClient* self) {
  std::vector<std::vector<base::IpPort>> known(self->options_.controllers.size());
  while (!self->stop_.requested() && !self->loop_.ended()) {
    std::vector<base::IpPort> all;
    for (std::size_t i = 0; i < known.size(); ++i) {
      const auto& controller = self->options_.controllers[i];
      auto found = co_await self->addresses_of(controller);
      if (self->stop_.requested()) co_return;
      if (found) {
        self->unknown_names_.erase(controller.host);
        known[i] = *std::move(found);
      } else if (self->unknown_names_.insert_or_assign(controller.host, found.error().message).second) {
        base::log_warn("{}", found.error().message);
      }
      all.insert(all.end(), known[i].begin(), known[i].end());
    }
    self->set_controllers(all);
    const auto pause = static_cast<std::uint64_t>(self->options_.look_up_every.count());
    co_await async::wait_any(self->loop_, self->loop_.after(pause), self->stop_.signal());
  }
}

void PlanClient::set_controllers(const std::vector<base::IpPort>& found) {
  std::erase_if(links_, [&](const auto& item) {
    if (std::ranges::find(found, item.first) != found.end()) return false;
    item.second->stop.request(loop_);
    return true;
  });
  for (const base::IpPort& address : found) {
    auto& link = links_[address];
    if (link) continue;
    link = std::make_shared<Link>();
    link->address = address;
    link->text = base::to_string(address);
    tasks_.spawn(&PlanClient::follow, this, link);
  }
}

async::Task<void> PlanClient::follow(PlanClient* self, std::shared_ptr<Link> link) {
  base::Backoff backoff(self->options_.first_pause, self->options_.longest_pause);
  while (!link->stop.requested() && !self->loop_.ended()) {
    const auto ended = co_await self->talk(*link);
    if (std::exchange(link->up, false)) {
      self->metrics_.controllers.sub();
      backoff.reset();
    }
    if (self->source_ == link.get()) {
      self->source_ = nullptr;
      self->changed_.raise(self->loop_);
    }
    if (link->stop.requested()) break;
    if (!ended) {
      self->metrics_.failures.add();
      const std::string problem = fmt::format("controller at {}: {}", link->text, ended.error().message);
      if (std::exchange(link->problem, problem) != problem) base::log_warn("{}; the last plan stays live", problem);
    }
    const auto pause = static_cast<std::uint64_t>(backoff.next().count());
    co_await async::wait_any(self->loop_, self->loop_.after(pause), link->stop.signal());
  }
}

std::vector<std::string> PlanClient::problems() const {
  std::vector<std::string> problems;
  for (const auto& [name, why] : unknown_names_) problems.push_back(why);
  for (const auto& [address, link] : links_) {
    if (!link->up && !link->problem.empty()) problems.push_back(link->problem);
  }
  return problems;
}

// --- the plan and the report -----------------------------------------------------------------------------------------

void PlanClient::bring_live(wire::Assembly::Made made) {
  not_understood_ = std::move(made.refusals);
  const bool same = plan_ && wire::id_of(*plan_) == wire::id_of(*made.plan) && report_.refusals.empty() && not_understood_.empty();
  plan_ = std::move(made.plan);
  if (same) return tell_report();
  metrics_.plans.add();
  apply_plan();
}

void PlanClient::apply_again() {
  if (plan_) apply_plan();
}

void PlanClient::apply_plan() {
  const Applied applied = apply_({plan_});
  report_.plan = wire::id_of(*plan_);
  report_.ready = !draining_;
  report_.addresses = applied.addresses;
  report_.bind_failures.clear();
  for (const BindFailure& failure : applied.bind_failures) report_.bind_failures.push_back({failure.address, failure.port, failure.reason});
  report_.refusals = not_understood_;
  for (const Refusal& refusal : applied.refusals) report_.refusals.push_back({refusal.part, refusal.reason});
  tell_report();
}

void PlanClient::begin_drain() {
  draining_ = true;
  report_.ready = false;
  tell_report();
}

void PlanClient::tell_report() {
  ++report_version_;
  changed_.raise(loop_);
}

// --- one stream ------------------------------------------------------------------------------------------------------

async::Task<base::Result<>> PlanClient::talk(Link& link) {
  const async::Deadline deadline = loop_.after(static_cast<std::uint64_t>(options_.connect_timeout.count()));
  const auto ca = base::read_file(options_.ca_file, kMaxCaBytes);
  if (!ca) co_return std::unexpected(ca.error());
  const auto context = net::TlsClientContext::create({.ca_pem = {*ca}, .system_roots = false, .certificate = {}, .alpn = {"http/1.1"},
                                                      .rules = {.min_version = net::TlsVersion::Tls13, .ciphers = {}, .cipher_suites = {}}});
  if (!context) co_return base::fail(fmt::format("{}: {}", options_.ca_file, context.error().message));

  const auto address = net::SocketAddress::parse(base::to_string(link.address.address), link.address.port);
  auto connected = co_await net::connect_tcp(loop_, *address, deadline);
  if (connected.status == net::ConnectStatus::Failed) {
    co_return base::fail(fmt::format("cannot connect: {}", std::generic_category().message(connected.error)));
  }
  if (connected.status != net::ConnectStatus::Connected) co_return base::fail(fmt::format("cannot connect: {}", why_not(connected.status)));

  auto stream = std::make_unique<net::TlsClientStream>(std::move(connected.stream), **context);
  const net::TlsPeer peer{options_.server_name, {}};
  const auto handshake = co_await stream->connect(peer, deadline);
  if (handshake == net::TlsHandshake::TimedOut) co_return base::fail("no TLS handshake in time");
  if (handshake != net::TlsHandshake::Done) co_return base::fail("TLS: " + stream->error());
  conn::H1Client client(std::move(stream), buffers_, limits_);
  co_return co_await converse(link, client, deadline);
}

// The conversation once the answer's head is here.
class PlanClient::Talk {
 public:
  Talk(PlanClient& client, Link& link, conn::LineChannel& channel) : client_(client), link_(link), channel_(channel), loop_(client.loop_) {}

  async::Task<base::Result<>> run() {
    while (!ended_) {
      hurry_ = false;
      take_in();
      choose_source();
      say_more();
      look_at_clock();
      if (ended_) break;
      if (hurry_) {
        co_await loop_.yield();
        continue;
      }
      co_await async::wait_any(loop_, std::min(beat_at_, silent_at_), channel_.readable(), channel_.writable(), client_.changed_,
                               link_.stop.signal());
    }
    co_return *std::move(ended_);
  }

 private:
  void take_in();
  void take(const wire::Welcome& welcome);
  void take(const wire::PartMessage& part);
  void take(const wire::PlanMessage& plan);
  void take(const wire::Beat&) {}
  void take(const wire::UnknownMessage&) {}
  void choose_source();
  void say_more();
  std::optional<std::string> next_text();
  void look_at_clock();
  void end(base::Result<> how) {
    if (!ended_) ended_ = std::move(how);
  }

  PlanClient& client_;
  Link& link_;
  conn::LineChannel& channel_;
  async::Loop& loop_;
  std::optional<base::Result<>> ended_;
  bool hurry_ = false;
  std::uint64_t told_ = 0;                    // version of the report
  std::optional<std::vector<plan::Hash>> holding_;  // what is left to tell before we take
  async::Deadline beat_at_ = loop_.after(wire::kBeatMilliseconds);
  async::Deadline silent_at_ = loop_.after(wire::kSilenceMilliseconds);

};

void PlanClient::Talk::take_in() {
  const auto received = channel_.receive();
  while (const auto line = channel_.next_line()) {
    silent_at_ = loop_.after(wire::kSilenceMilliseconds);
    auto message = wire::parse_from_controller(*line);
    if (!message) return end(base::fail("it sent what is no message: " + message.error().message));
    std::visit([this](const auto& known) { take(known); }, *message);
    if (ended_) return;
  }
  switch (received) {
    case conn::LineChannel::Received::Waiting:
      return;
    case conn::LineChannel::Received::More:
      hurry_ = true;
      return;
    case conn::LineChannel::Received::Ended:
      return end({});
    case conn::LineChannel::Received::Broken:
      return end(base::fail("the connection broke"));
    case conn::LineChannel::Received::TooLong:
      return end(base::fail("it sent a line that is too long"));
  }
}

void PlanClient::Talk::take(const wire::Welcome& welcome) {
  if (std::exchange(link_.up, true)) return;
  link_.problem.clear();
  client_.metrics_.controllers.add();
  base::log_info("controller {} at {} (version {}) answers", welcome.controller, link_.text, welcome.version);
}

// Two controllers cannot send parts at the same time: only the source does, and there is one.
void PlanClient::Talk::take(const wire::PartMessage& part) {
  client_.metrics_.parts.add();
  if (auto added = client_.assembly_.add(part); !added) end(std::move(added));
}

void PlanClient::Talk::take(const wire::PlanMessage& plan) {
  auto made = client_.assembly_.make(plan);
  if (!made) return end(std::unexpected(std::move(made).error()));
  const plan::ObjectName& gateway = made->plan->gateway;
  if (client_.options_.gateway && *client_.options_.gateway != gateway) {
    return end(base::fail(fmt::format("it sent the plan of Gateway {}/{}, which is not ours", gateway.namespace_, gateway.name)));
  }
  client_.bring_live(*std::move(made));
}

void PlanClient::Talk::choose_source() {
  if (client_.source_ || !link_.up || ended_) return;
  client_.source_ = &link_;
  holding_ = client_.assembly_.holding();
}

void PlanClient::Talk::say_more() {
  for (;;) {
    switch (channel_.send()) {
      case conn::LineChannel::Sent::Waiting:
        return;
      case conn::LineChannel::Sent::Failed:
        return end(base::fail("the connection broke"));
      case conn::LineChannel::Sent::All:
        break;
    }
    auto text = next_text();
    if (!text) return;
    beat_at_ = loop_.after(wire::kBeatMilliseconds);
    channel_.say(*std::move(text));
  }
}

std::optional<std::string> PlanClient::Talk::next_text() {
  if (told_ != client_.report_version_ + 1) {
    told_ = client_.report_version_ + 1;
    return wire::to_line(client_.report_);
  }
  if (holding_ && !holding_->empty()) {
    const std::size_t left = holding_->size() - std::min(holding_->size(), kHoldingPiece);
    wire::Holding piece{{holding_->begin() + static_cast<std::ptrdiff_t>(left), holding_->end()}};
    holding_->resize(left);
    return wire::to_line(piece);
  }
  if (holding_) {
    holding_.reset();
    return wire::to_line(wire::Take{});
  }
  if (loop_.now() >= beat_at_) return wire::to_line(wire::Beat{});
  return std::nullopt;
}

void PlanClient::Talk::look_at_clock() {
  // What is told last, that we go, was told: reports come first.
  if (link_.stop.requested() && channel_.sent_all()) {
    channel_.finish();
    channel_.send();
    return end({});
  }
  if (loop_.ended()) return end({});
  if (loop_.now() >= silent_at_) end(base::fail("it has been silent for too long"));
}

async::Task<base::Result<>> PlanClient::converse(Link& link, conn::H1Client& client, async::Deadline deadline) {
  const auto token = base::read_file(options_.token_file, kMaxTokenBytes);
  if (!token) co_return std::unexpected(token.error());
  const std::string authorization = fmt::format("Bearer {}", base::trim(*token, " \t\r\n"));
  const std::string version = std::to_string(wire::kVersion);

  http::RequestHead request;
  request.method = http::Method::Post;
  request.method_text = "POST";
  request.path = wire::kPath;
  request.authority = options_.server_name;
  request.body.chunked = true;
  request.fields.append("Authorization", authorization);
  request.fields.append("Content-Type", wire::kContentType);
  request.fields.append(wire::kVersionField, version);

  conn::H1ClientExchange exchange(client);
  exchange.send_head(request, false);
  conn::LineChannel channel(exchange.response_body(), exchange.request_body(), wire::kMaxControllerLine);
  channel.say(wire::to_line(wire::Hello{options_.pod, options_.version, options_.instance}));
  http::ResponseHead head;
  for (;;) {
    if (channel.send() == conn::LineChannel::Sent::Failed) co_return base::fail("the connection broke");
    const auto read = exchange.try_read_head(head);
    if (read == conn::ClientExchange::Head::Complete && head.status >= 200) break;
    if (read == conn::ClientExchange::Head::Complete) continue;
    if (read == conn::ClientExchange::Head::Closed) co_return base::fail("it closed the connection without an answer");
    if (read == conn::ClientExchange::Head::Malformed) co_return base::fail("its answer is malformed");
    const async::Wake wake = co_await async::wait_any(loop_, deadline, exchange.ready(), channel.writable(), link.stop.signal());
    if (link.stop.requested() || wake == async::Wake::Ended) co_return base::Result<>();
    if (wake == async::Wake::TimedOut) co_return base::fail("no answer in time");
  }
  if (head.status != 200) {
    std::string text;
    std::span<const char> data;
    const std::uint16_t status = head.status;
    while (text.size() < kMaxRefusalText) {
      const auto read = exchange.response_body().peek(data);
      if (read == conn::ReadStatus::WouldBlock) {
        const async::Wake wake = co_await async::wait_any(loop_, deadline, exchange.response_body().ready());
        if (wake != async::Wake::Signalled) break;
        continue;
      }
      if (read != conn::ReadStatus::Data) break;
      text.append(data.data(), data.size());
      exchange.response_body().consume(data.size());
    }
    co_return base::fail(fmt::format("it answers {}: {}", status, base::trim(text, " \r\n")));
  }
  const http::Field* const field = head.fields.find(wire::kVersionField);
  const auto agreed = wire::agree(wire::kVersion, field ? field->value : std::string_view());
  if (!agreed) co_return std::unexpected(agreed.error());
  metrics_.streams.add();
  Talk talk(*this, link, channel);
  co_return co_await talk.run();
}

}  // namespace cardea::proxy
