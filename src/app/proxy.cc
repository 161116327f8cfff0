// SPDX-License-Identifier: Apache-2.0
#include "app/proxy.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iterator>
#include <memory>
#include <optional>
#include <random>
#include <utility>

#include "app/admin.h"
#include "app/build_info.h"
#include "app/http_server.h"
#include "app/listen_addresses.h"
#include "app/metrics_page.h"
#include "app/process_settings.h"
#include "app/served_plane.h"
#include "app/signals.h"
#include "async/scope.h"
#include "async/stop.h"
#include "base/clock.h"
#include "base/log.h"
#include "net/resolver.h"
#include "plan/json.h"
#include "proxy/endpoint_names.h"
#include "proxy/plan_client.h"

namespace cardea::app {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kEndPatience = 500;  // for pages and streams under way

std::string host_name() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 ? name : "unknown";
}

proxy::PlanClientOptions client_options(const ProxySettings& settings) {
  proxy::PlanClientOptions options;
  options.controllers = settings.controllers;
  options.gateway = settings.gateway;
  options.token_file = settings.token_file;
  options.ca_file = settings.ca_file;
  options.pod = host_name();
  std::random_device random;
  options.instance = fmt::format("{:08x}{:08x}", random(), random());
  options.version = build_info().find("version")->as_string();
  return options;
}

class ProxyProgram {
 public:
  ProxyProgram(async::Loop& loop, const ProxySettings& settings, std::unique_ptr<net::Resolver> resolver, std::optional<LogFile> access_log)
      : loop_(loop),
        settings_(settings),
        resolver_(std::move(resolver)),
        served_(std::move(access_log)),
        signals_(loop),
        admin_handler_(facts()),
        admin_(loop, admin_handler_),
        client_(
            loop, client_options(settings), [this](const plan::PlanSet& plans) { return bring_live(plans); },
            [this](std::string name) { return resolver_->addresses_of(std::move(name)); }),
        names_(loop, [this](std::string name) { return resolver_->addresses_of(std::move(name)); }, settings.proxy,
               [this] { served_.plane().resolve_again(); }),
        tasks_(loop) {}
  ProxyProgram(const ProxyProgram&) = delete;
  ProxyProgram& operator=(const ProxyProgram&) = delete;

  async::Task<int> run() {
    const auto started = start();
    if (!started) {
      fmt::print(stderr, "cardea proxy: {}\n", started.error().message);
    } else {
      tasks_.spawn(&ProxyProgram::follow_plans, this);
      tasks_.spawn(&ProxyProgram::follow_names, this);
      co_await serve_until_signal();
      co_await drain();
    }
    client_.stop();
    stop_names_.request(loop_);
    resolver_->stop();
    co_await admin_.stop(kEndPatience);
    if (tasks_.size() > 0) co_await async::wait_any(loop_, loop_.after(kEndPatience), plans_ended_);
    if (tasks_.size() > 0) loop_.end();  // nothing waits any more
    co_await resolver_->close();
    co_await tasks_.close();
    served_.flush_logs();
    co_return started ? 0 : 1;
  }

 private:
  base::Result<> start();
  static async::Task<void> follow_plans(ProxyProgram* self) {
    co_await self->client_.run();
    self->plans_ended_.raise(self->loop_);
  }
  static async::Task<void> follow_names(ProxyProgram* self) { co_await self->names_.run(async::StopToken(self->stop_names_)); }
  async::Task<void> serve_until_signal();
  async::Task<void> drain();
  // Goes on for that long; false: a signal came that ends at once.
  async::Task<bool> go_on(std::chrono::milliseconds duration);
  proxy::Applied bring_live(const plan::PlanSet& plans);
  void housekeep();
  AdminFacts facts();
  std::vector<std::string> problems() const;
  std::string metrics() const;
  std::string not_ready() const;

  async::Loop& loop_;
  const ProxySettings& settings_;
  std::unique_ptr<net::Resolver> resolver_;
  ServedPlane served_;
  Signals signals_;
  AdminHandler admin_handler_;
  HttpServer admin_;
  proxy::PlanClient client_;
  proxy::EndpointNames names_;
  async::StopSource stop_names_;
  async::TaskScope tasks_;
  async::Signal plans_ended_;
  bool draining_ = false;
  Clock::time_point bind_retried_;
};

base::Result<> ProxyProgram::start() {
  base::log_info("{}", version_line());
  if (auto served = served_.start(settings_.proxy, [this](std::string_view name) { return names_.addresses_of(name); }); !served) return served;
  const auto admin = listen_at(settings_.admin, [this](const base::IpPort& where) { return admin_.listen(where); });
  if (!admin) return base::fail(fmt::format("--admin: {}", admin.error().message));
  base::log_info("admin at http://{}/ (status, plan, metrics)", base::to_string(*admin));
  return {};
}

proxy::Applied ProxyProgram::bring_live(const plan::PlanSet& plans) {
  const bool first = client_.report().plan == std::nullopt;
  follow_log_level(plans, settings_.log_level);
  proxy::Applied applied = served_.plane().apply(plans);
  names_.follow(served_.plane().names());
  for (const auto& refusal : applied.refusals) base::log_warn("{} was refused: {}", refusal.part, refusal.reason);
  for (const auto& failure : applied.bind_failures) {
    base::log_warn("cannot listen at {} port {}: {}", failure.address, failure.port, failure.reason);
  }
  if (first) base::log_info("the first plan is live, of Gateway {}/{}", plans.front()->gateway.namespace_, plans.front()->gateway.name);
  return applied;
}

async::Task<void> ProxyProgram::serve_until_signal() {
  for (;;) {
    while (const auto signal = signals_.take()) {
      if (*signal != SIGHUP) co_return;
      served_.reopen_log();
    }
    housekeep();
    co_await async::wait_any(loop_, loop_.after(static_cast<std::uint64_t>(kHousekeeping.count())), signals_.arrived());
  }
}

void ProxyProgram::housekeep() {
  served_.flush_logs();
  const auto now = Clock::now();
  if (!client_.report().bind_failures.empty() && now - bind_retried_ >= kBindRetry) {
    bind_retried_ = now;
    client_.apply_again();
  }
}

async::Task<bool> ProxyProgram::go_on(std::chrono::milliseconds duration) {
  const auto end = Clock::now() + duration;
  while (Clock::now() < end) {
    housekeep();
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
    const auto wait = std::clamp(left, std::chrono::milliseconds(1), kHousekeeping);
    const auto signal = co_await signals_.next(loop_.after(static_cast<std::uint64_t>(wait.count())));
    if (ends_at_once(signal)) co_return false;
  }
  co_return true;
}

// Not ready first, while everything goes on: clients still come until the cluster has heard of it.
async::Task<void> ProxyProgram::drain() {
  draining_ = true;
  client_.begin_drain();
  base::log_info("not ready any more; draining begins in {} and takes up to {}; a second signal ends at once",
                 base::format_duration(settings_.drain_delay), base::format_duration(settings_.drain_timeout));
  const bool waited = co_await go_on(settings_.drain_delay);
  if (!waited) co_return;
  co_await served_.drain(loop_, signals_, settings_.drain_timeout);
}

AdminFacts ProxyProgram::facts() {
  return {.statuses = [] { return std::vector<base::Value>(); },
          .problems = [this] { return problems(); },
          .plan =
              [this] {
                const auto& plan = client_.plan();
                return plan::to_value(plan ? plan::PlanSet{plan} : plan::PlanSet{}, plan::Redact::Yes);
              },
          .metrics = [this] { return metrics(); },
          .not_ready = [this] { return not_ready(); }};
}

std::vector<std::string> ProxyProgram::problems() const {
  std::vector<std::string> problems = client_.problems();
  std::ranges::copy(names_.problems(), std::back_inserter(problems));
  for (const auto& failure : client_.report().bind_failures) {
    problems.push_back(fmt::format("cannot listen at {} port {}: {}", failure.address, failure.port, failure.reason));
  }
  for (const auto& refusal : client_.report().refusals) problems.push_back(fmt::format("{} was refused: {}", refusal.part, refusal.reason));
  return problems;
}

std::string ProxyProgram::metrics() const {
  const auto& streams = client_.metrics();
  const ProxyFacts facts{.controllers = streams.controllers.value(),
                         .streams = streams.streams.value(),
                         .stream_failures = streams.failures.value(),
                         .plans = streams.plans.value(),
                         .parts = streams.parts.value(),
                         .refusals = client_.report().refusals.size(),
                         .bind_failures = client_.report().bind_failures.size(),
                         .log_lines_dropped = served_.log_lines_dropped(),
                         .ready = not_ready().empty()};
  return served_.metrics() + proxy_metrics(facts, read_process_facts());
}

std::string ProxyProgram::not_ready() const {
  if (draining_) return "draining";
  return client_.plan() ? "" : "no plan yet";
}

async::Task<int> proxy_program(async::Loop& loop, const ProxySettings& settings) {
  auto resolver = net::Resolver::create(loop);
  auto access_log = open_access_log(settings.access_log);
  base::Result<> opened;
  if (!resolver) opened = std::unexpected(resolver.error());
  else if (!access_log) opened = std::unexpected(access_log.error());
  if (!opened) {
    fmt::print(stderr, "cardea proxy: {}\n", opened.error().message);
    co_return 1;
  }
  ProxyProgram program(loop, settings, *std::move(resolver), *std::move(access_log));
  co_return co_await program.run();
}

}  // namespace

int run_proxy(const ProxySettings& settings) {
  base::set_log_level(settings.log_level);
  read_process_facts();  // notes when we started
  async::Loop loop;
  return loop.run(proxy_program(loop, settings));
}

}  // namespace cardea::app
