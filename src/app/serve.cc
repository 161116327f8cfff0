// SPDX-License-Identifier: Apache-2.0
#include "app/serve.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <utility>

#include "app/admin.h"
#include "app/build_info.h"
#include "app/http_server.h"
#include "app/listen_addresses.h"
#include "app/metrics_page.h"
#include "app/process_settings.h"
#include "app/report.h"
#include "app/served_plane.h"
#include "app/signals.h"
#include "async/scope.h"
#include "async/stop.h"
#include "control/control_loop.h"
#include "net/resolver.h"
#include "plan/json.h"
#include "proxy/endpoint_names.h"
#include "standalone/file_source.h"
#include "standalone/local_plan_sink.h"
#include "standalone/status_folder.h"

namespace cardea::app {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kAdminPatience = 500;

base::WallTime wall_now() {
  return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
}

translate::Options options_of(const ServeSettings& settings, const std::vector<std::string>& bind_addresses) {
  translate::Options options;
  options.port_map = settings.port_map;
  options.advertise_port_map = settings.advertise_port_map;
  options.bind_addresses = bind_addresses;
  return options;
}

std::vector<std::string> folders_of_ours(const ServeSettings& settings) {
  return settings.status_dir ? std::vector{*settings.status_dir} : std::vector<std::string>{};
}

// What can fail is opened first, so that a wrong argument ends the program before anything listens.
struct Opened {
  std::unique_ptr<standalone::FileSource> source;
  standalone::StatusFolder statuses;
  std::optional<LogFile> access_log;
  std::unique_ptr<net::Resolver> resolver;
};

base::Result<Opened> open(async::Loop& loop, const ServeSettings& settings) {
  auto source = standalone::FileSource::open(settings.paths, folders_of_ours(settings));
  if (!source) return std::unexpected(std::move(source).error());
  auto statuses = standalone::StatusFolder::open(settings.status_dir, wall_now);
  if (!statuses) return std::unexpected(std::move(statuses).error());
  auto access_log = open_access_log(settings.access_log);
  if (!access_log) return std::unexpected(std::move(access_log).error());
  auto resolver = net::Resolver::create(loop);
  if (!resolver) return std::unexpected(std::move(resolver).error());
  return Opened{*std::move(source), *std::move(statuses), *std::move(access_log), *std::move(resolver)};
}

class Gateway {
 public:
  Gateway(async::Loop& loop, const ServeSettings& settings, Opened opened)
      : loop_(loop),
        settings_(settings),
        bind_addresses_(listen_addresses(settings.proxy.bind_addresses)),
        source_(std::move(opened.source)),
        statuses_(std::move(opened.statuses)),
        served_(std::move(opened.access_log)),
        resolver_(std::move(opened.resolver)),
        report_(bind_addresses_),
        signals_(loop),
        admin_handler_(facts()),
        admin_(loop, admin_handler_),
        names_(loop, [this](std::string name) { return resolver_->addresses_of(std::move(name)); }, settings.proxy,
               [this] { served_.plane().resolve_again(); }),
        tasks_(loop) {
    loop_.add(source_->fd(), files_changed_);
  }
  ~Gateway() { loop_.remove(source_->fd()); }
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;

  async::Task<int> run() {
    const auto started = start();
    if (!started) {
      fmt::print(stderr, "cardea serve: {}\n", started.error().message);
    } else {
      tasks_.spawn(&Gateway::follow_names, this);
      co_await follow();
      co_await drain();
    }
    stop_names_.request(loop_);
    resolver_->stop();
    co_await tasks_.close();
    co_await admin_.stop(kAdminPatience);
    co_await resolver_->close();
    served_.flush_logs();
    co_return started ? 0 : 1;
  }

 private:
  base::Result<> start();
  static async::Task<void> follow_names(Gateway* self) { co_await self->names_.run(async::StopToken(self->stop_names_)); }
  async::Task<void> follow();
  async::Task<void> drain();
  void work();
  void housekeep();
  void reread();
  AdminFacts facts();
  std::vector<std::string> problems() const;
  std::string metrics() const;
  std::string not_ready() const;
  async::Deadline next_deadline() const;

  async::Loop& loop_;
  const ServeSettings& settings_;
  std::vector<std::string> bind_addresses_;
  std::unique_ptr<standalone::FileSource> source_;
  standalone::StatusFolder statuses_;
  ServedPlane served_;
  std::unique_ptr<net::Resolver> resolver_;
  Report report_;
  Signals signals_;
  async::Pollable files_changed_;
  AdminHandler admin_handler_;
  HttpServer admin_;
  proxy::EndpointNames names_;
  async::StopSource stop_names_;
  async::TaskScope tasks_;
  std::optional<standalone::LocalPlanSink> plans_;
  std::optional<control::ControlLoop> control_;
  bool draining_ = false;
  Clock::time_point housekept_;
  Clock::time_point bind_retried_;
};

base::Result<> Gateway::start() {
  const auto begun = Clock::now();
  base::log_info("{}", version_line());
  if (auto served = served_.start(settings_.proxy, [this](std::string_view name) { return names_.addresses_of(name); }); !served) return served;
  plans_.emplace(served_.plane(), bind_addresses_);
  control_.emplace(options_of(settings_, bind_addresses_), *plans_, statuses_);

  // From here on somebody may ask; before anything else listens.
  const auto admin = listen_at(settings_.admin, [this](const base::IpPort& where) { return admin_.listen(where); });
  if (!admin) return base::fail(fmt::format("--admin: {}", admin.error().message));
  if (auto started = source_->start(control_->inbox()); !started) return started;
  work();

  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begun);
  if (control_->current().plans.empty()) {
    base::log_warn("no Gateway is served yet: there is none whose GatewayClass names {}",
                   translate::Options().controller_name);
  }
  base::log_info("admin at http://{}/ (status, plan, metrics)", base::to_string(*admin));
  base::log_info("ready in {} ms; following every change", took.count());
  return {};
}

// Works off what changed, whoever it came from, and says so.
void Gateway::work() {
  const control::Outcome outcome = control_->run();
  report_.problems("manifests", source_->problems());
  report_.notes(source_->take_notes());
  if (!outcome.translated) return;
  names_.follow(served_.plane().names());
  follow_log_level(control_->current().plans, settings_.log_level);
  report_.after(outcome, *control_);
  report_.problems("status files", statuses_.problems());
  if (outcome.published) {
    base::log_info("{} {} live in {:.1f} ms", outcome.changes, outcome.changes == 1 ? "change" : "changes",
                   static_cast<double>(outcome.live_after.count()) / 1000);
  }
}

async::Task<void> Gateway::follow() {
  while (true) {
    while (const auto signal = signals_.take()) {
      if (*signal != SIGHUP) co_return;
      reread();
    }
    const auto now = Clock::now();
    source_->on_events(now);
    if (const auto due = source_->due(); due && *due <= now) source_->settle(now);
    housekeep();
    work();
    co_await async::wait_any(loop_, next_deadline(), files_changed_.readable, signals_.arrived());
  }
}

void Gateway::reread() {
  base::log_info("reading all files again");
  source_->reread_all(Clock::now());
  served_.reopen_log();
}

void Gateway::housekeep() {
  const auto now = Clock::now();
  if (now - housekept_ >= kHousekeeping) {
    housekept_ = now;
    served_.flush_logs();
  }
  if (plans_->has_bind_failures() && now - bind_retried_ >= kBindRetry) {
    bind_retried_ = now;
    plans_->retry();
  }
}

async::Deadline Gateway::next_deadline() const {
  const auto now = Clock::now();
  auto next = housekept_ + kHousekeeping;
  if (const auto due = source_->due()) next = std::min(next, *due);
  if (plans_->has_bind_failures()) next = std::min(next, bind_retried_ + kBindRetry);
  // Rounded up: waking before the time would only mean waiting again.
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(next - now);
  return loop_.after(static_cast<std::uint64_t>(std::max(wait.count(), std::chrono::milliseconds::rep{1})));
}

async::Task<void> Gateway::drain() {
  base::log_info("draining for up to {}; a second signal ends at once", base::format_duration(settings_.drain_timeout));
  draining_ = true;
  co_await served_.drain(loop_, signals_, settings_.drain_timeout);
}

AdminFacts Gateway::facts() {
  return {.statuses = [this] { return statuses_.documents(); },
          .problems = [this] { return problems(); },
          .plan = [this] { return plan::to_value(control_->current().plans, plan::Redact::Yes); },
          .metrics = [this] { return metrics(); },
          .not_ready = [this] { return not_ready(); }};
}

std::vector<std::string> Gateway::problems() const {
  std::vector<std::string> problems = source_->problems();
  std::ranges::copy(statuses_.problems(), std::back_inserter(problems));
  std::ranges::copy(names_.problems(), std::back_inserter(problems));
  for (const auto& failure : control_->observed().bind_failures) {
    problems.push_back(fmt::format("cannot listen at {} port {}: {}", failure.address, failure.port, failure.reason));
  }
  return problems;
}

std::string Gateway::metrics() const {
  const ServeFacts facts{.problems = source_->problems().size() + statuses_.problems().size(),
                         .bind_failures = control_->observed().bind_failures.size(),
                         .log_lines_dropped = served_.log_lines_dropped(),
                         .ready = not_ready().empty()};
  return served_.metrics() + control_metrics(control_->metrics(), facts, read_process_facts());
}

std::string Gateway::not_ready() const {
  if (draining_) return "draining";
  return plans_ && plans_->live() ? "" : "starting";
}

async::Task<int> serve(async::Loop& loop, const ServeSettings& settings) {
  auto opened = open(loop, settings);
  if (!opened) {
    fmt::print(stderr, "cardea serve: {}\n", opened.error().message);
    co_return 1;
  }
  Gateway gateway(loop, settings, *std::move(opened));
  co_return co_await gateway.run();
}

}  // namespace

int run_serve(const ServeSettings& settings) {
  base::set_log_level(settings.log_level);
  read_process_facts();  // notes when we started
  async::Loop loop;
  return loop.run(serve(loop, settings));
}

}  // namespace cardea::app
