// SPDX-License-Identifier: Apache-2.0
#include "cluster/plan_stream.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <utility>
#include <variant>

#include "base/log.h"

namespace cardea::cluster {
namespace {

namespace wire = plan::wire;

// What is said in one go, before others have their turn.
constexpr std::size_t kShare = 256 * 1024;

}  // namespace

PlanStream::PlanStream(conn::Exchange& exchange, Context context, Proxies::Stream id, plan::ObjectName gateway, std::string pod)
    : exchange_(exchange),
      context_(std::move(context)),
      id_(id),
      gateway_(std::move(gateway)),
      pod_(std::move(pod)),
      channel_(exchange.request_body(), exchange.response_body(), wire::kMaxProxyLine),
      loop_(exchange.loop()),
      beat_at_(loop_.after(wire::kBeatMilliseconds)),
      silent_at_(loop_.after(wire::kSilenceMilliseconds)),
      life_ends_(loop_.after(context_.stream_life)) {}

async::Task<std::string> PlanStream::run() {
  channel_.say(wire::to_line(wire::Welcome{context_.controller, context_.version}));
  while (!ended_) {
    hurry_ = false;
    take_in();
    say_more();
    look_at_clock();
    if (ended_) break;
    if (hurry_) {
      co_await loop_.yield();
      continue;
    }
    const async::Wake wake = co_await async::wait_any(loop_, next_deadline(), channel_.readable(), channel_.writable(),
                                                      context_.published, context_.stop.signal());
    if (wake == async::Wake::Ended) end("the program is ending");
  }
  if (connected_) {
    context_.proxies.disconnected(id_, std::chrono::steady_clock::now());
    context_.observed();
  }
  if (channel_.sent_all()) channel_.finish();
  else exchange_.response_body().abort();
  co_return *std::move(ended_);
}

void PlanStream::take_in() {
  const auto received = channel_.receive();
  while (const auto line = channel_.next_line()) {
    silent_at_ = loop_.after(wire::kSilenceMilliseconds);
    const auto message = wire::parse_from_proxy(*line);
    if (!message) return end("it sent what is no message: " + message.error().message);
    std::visit([this](const auto& known) { take(known); }, *message);
  }
  switch (received) {
    case conn::LineChannel::Received::Waiting:
      break;
    case conn::LineChannel::Received::More:
      hurry_ = true;
      break;
    case conn::LineChannel::Received::Ended:
      return end("it ended the stream");
    case conn::LineChannel::Received::Broken:
      return end("the connection broke");
    case conn::LineChannel::Received::TooLong:
      return end("it sent a line that is too long");
  }
}

void PlanStream::take(const wire::Hello& hello) {
  if (connected_) return;
  if (pod_.empty()) pod_ = hello.pod;
  connected_ = true;
  context_.proxies.connected(id_, gateway_, pod_, hello.instance);
  base::log_info("proxy {}/{} (version {}) calls for Gateway {}/{}", gateway_.namespace_, pod_, hello.version,
                 gateway_.namespace_, gateway_.name);
}

void PlanStream::take(const wire::Report& report) {
  if (!connected_) return;
  if (under_way_ && !delta_ && report.plan && *report.plan == wire::id_of(*under_way_)) {
    base_ = std::exchange(under_way_, nullptr);
    held_.clear();
    report_due_ = async::kNever;
  }
  context_.proxies.reported(id_, report);
  context_.observed();
}

void PlanStream::take(const wire::Holding& holding) {
  if (held_.size() + holding.parts.size() > wire::kMaxHolding) return end("it holds more parts than can be");
  held_.insert(holding.parts.begin(), holding.parts.end());
}

void PlanStream::say_more() {
  for (std::size_t said = 0;;) {
    switch (channel_.send()) {
      case conn::LineChannel::Sent::Waiting:
        return;
      case conn::LineChannel::Sent::Failed:
        return end("the connection broke");
      case conn::LineChannel::Sent::All:
        break;
    }
    if (said >= kShare) {
      hurry_ = true;
      return;
    }
    auto text = next_text();
    if (!text) return;
    said += text->size();
    beat_at_ = loop_.after(wire::kBeatMilliseconds);
    channel_.say(*std::move(text));
  }
}

std::optional<std::string> PlanStream::next_text() {
  if (taking_ && !under_way_) {
    auto newest = context_.proxies.newest(gateway_);
    if (!base_ || wire::id_of(*base_) != wire::id_of(*newest)) {
      under_way_ = std::move(newest);
      delta_.emplace(base_, held_, under_way_);
    }
  }
  if (delta_) {
    if (auto line = delta_->next_line()) return line;
    delta_.reset();
    report_due_ = loop_.after(context_.report_timeout);
  }
  if (loop_.now() >= beat_at_) return wire::to_line(wire::Beat{});
  return std::nullopt;
}

void PlanStream::look_at_clock() {
  if (context_.stop.requested()) return end("this controller is ending");
  if (!context_.permitted()) return end("it is no proxy of that Gateway any more");
  const auto now = loop_.now();
  if (now >= silent_at_) return end("it has been silent for too long");
  if (now >= report_due_) return end("it did not say that a plan is live");
  if (now >= life_ends_ && channel_.sent_all() && !delta_) return end("it has to prove itself again");
}

async::Deadline PlanStream::next_deadline() const {
  const auto life = channel_.sent_all() ? std::max(life_ends_, loop_.now() + 1) : async::kNever;
  return std::min({beat_at_, silent_at_, report_due_, life});
}

}  // namespace cardea::cluster
