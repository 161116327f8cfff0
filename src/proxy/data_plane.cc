// SPDX-License-Identifier: Apache-2.0
#include "proxy/data_plane.h"

#include <algorithm>
#include <chrono>
#include <latch>
#include <list>
#include <utility>
#include <vector>

#include "net/tls.h"
#include "plan/setting.h"
#include "proxy/bind_sockets.h"
#include "proxy/cpu_count.h"
#include "proxy/metrics.h"
#include "proxy/route_compiler.h"
#include "proxy/setting_members.h"
#include "proxy/tables.h"
#include "proxy/tls_table.h"
#include "proxy/worker.h"

namespace cardea::proxy {
namespace {

// A ticket is accepted for one to two of these.
constexpr std::chrono::hours kTicketKeyLife{12};

Settings with_defaults(Settings settings) {
  if (settings.workers == 0) settings.workers = usable_cpus();
  if (settings.bind_addresses.empty()) settings.bind_addresses = {"0.0.0.0", "::"};
  return settings;
}

class RunningDataPlane final : public DataPlane {
 public:
  RunningDataPlane(Settings settings, LogSink access_log, Resolve resolve)
      : settings_(with_defaults(std::move(settings))),
        access_log_(std::move(access_log)),
        resolve_(std::move(resolve)),
        metrics_(process().workers),
        compiler_(metrics_, settings_),
        front_(ticket_keys_),
        sockets_(process().workers) {
    for (unsigned i = 0; i < process().workers; ++i) {
      workers_.push_back(std::make_unique<Worker>(i, settings_.process(), metrics_, front_));
    }
  }

  // Workers first: they read the tables.
  ~RunningDataPlane() override {
    workers_.clear();
    versions_.clear();
  }

  Applied apply(const plan::PlanSet& plans) override;
  std::vector<std::string> names() const override { return versions_.empty() ? std::vector<std::string>() : versions_.back().endpoints->names(); }
  void resolve_again() override;
  void begin_drain() override {
    for (auto& worker : workers_) worker->send(Worker::Drain{});
  }
  bool drained() const override {
    return std::ranges::all_of(workers_, [](const auto& worker) { return worker->drained(); });
  }
  void flush_logs() override {
    for (auto& worker : workers_) worker->access_log().drain(access_log_);
    free_unused();
    rotate_ticket_keys();
  }
  const Metrics& metrics() const override { return metrics_; }

 private:
  const Settings& process() const { return settings_.process().settings; }
  void hand_out(const Tables& tables, BindSockets::Opened opened);
  void free_unused();
  void rotate_ticket_keys();

  SettingsTable settings_;
  LogSink access_log_;
  Resolve resolve_;
  plan::PlanSet plans_;  // that are live
  Metrics metrics_;
  RouteCompiler compiler_;
  net::TicketKeys ticket_keys_;
  std::chrono::steady_clock::time_point keys_made_ = std::chrono::steady_clock::now();
  net::TlsFront front_;
  BindSockets sockets_;
  std::list<Tables> versions_;  // the newest last
  std::uint64_t next_version_ = 1;
  std::vector<std::unique_ptr<Worker>> workers_;
};

Applied RunningDataPlane::apply(const plan::PlanSet& plans) {
  free_unused();
  const Tables* previous = versions_.empty() ? nullptr : &versions_.back();
  Applied applied;
  auto routes = compiler_.compile(plans, process().bind_addresses, previous ? previous->routes.get() : nullptr);
  applied.refusals = routes->refusals();
  auto endpoints = EndpointTable::build(plans, compiler_.slots(), previous ? previous->endpoints.get() : nullptr, resolve_);
  const SecretIndex secrets(plans);
  auto tls = TlsTable::build(secrets, *routes, previous ? previous->tls.get() : nullptr, applied.refusals);
  auto backend_tls = BackendTlsTable::build(plans, secrets, settings_, previous ? previous->backend_tls.get() : nullptr, applied.refusals);
  auto opened = sockets_.open_for(*routes, applied.bind_failures);
  applied.addresses = sockets_.addresses();

  Tables& tables = versions_.emplace_back();
  tables.version = next_version_++;
  tables.routes = std::move(routes);
  tables.endpoints = std::move(endpoints);
  tables.tls = std::move(tls);
  tables.backend_tls = std::move(backend_tls);
  tables.held_by.store(process().workers, std::memory_order_relaxed);
  hand_out(tables, std::move(opened));
  plans_ = plans;
  return applied;
}

void RunningDataPlane::resolve_again() {
  free_unused();
  if (versions_.empty()) return;
  const Tables& previous = versions_.back();
  auto endpoints = EndpointTable::build(plans_, compiler_.slots(), previous.endpoints.get(), resolve_);
  Tables& tables = versions_.emplace_back();
  tables.version = next_version_++;
  tables.routes = previous.routes;
  tables.endpoints = std::move(endpoints);
  tables.tls = previous.tls;
  tables.backend_tls = previous.backend_tls;
  tables.held_by.store(process().workers, std::memory_order_relaxed);
  hand_out(tables, {});
}

// Returns when every worker serves the tables.
void RunningDataPlane::hand_out(const Tables& tables, BindSockets::Opened opened) {
  std::latch taken(static_cast<std::ptrdiff_t>(workers_.size()));
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    Worker::TakeTables command{&tables, {}, &taken};
    for (auto& [key, sockets] : opened) command.sockets.emplace(key, std::move(sockets[i]));
    workers_[i]->send(std::move(command));
  }
  taken.wait();
}

void RunningDataPlane::free_unused() {
  versions_.remove_if([](const Tables& tables) { return tables.held_by.load(std::memory_order_acquire) == 0; });
}

void RunningDataPlane::rotate_ticket_keys() {
  const auto now = std::chrono::steady_clock::now();
  if (now - keys_made_ < kTicketKeyLife) return;
  keys_made_ = now;
  ticket_keys_.rotate();
}

// Before the first plans are there, which may say how many workers there should be, and what else is read once.
class StartingDataPlane final : public DataPlane {
 public:
  StartingDataPlane(Settings settings, LogSink access_log, Resolve resolve)
      : settings_(std::move(settings)), access_log_(std::move(access_log)), resolve_(std::move(resolve)) {}

  Applied apply(const plan::PlanSet& plans) override {
    if (!running_) {
      for (const auto& rule : plan::setting_rules()) {
        const std::string* value = rule.of_process ? plan::process_setting(plans, rule.name) : nullptr;
        if (value) set_member(settings_, {std::string(rule.name), *value});
      }
      running_ = std::make_unique<RunningDataPlane>(settings_, std::move(access_log_), std::move(resolve_));
    }
    return running_->apply(plans);
  }
  std::vector<std::string> names() const override { return running_ ? running_->names() : std::vector<std::string>(); }
  void resolve_again() override {
    if (running_) running_->resolve_again();
  }
  void begin_drain() override {
    if (running_) running_->begin_drain();
  }
  bool drained() const override { return !running_ || running_->drained(); }
  void flush_logs() override {
    if (running_) running_->flush_logs();
  }
  const Metrics& metrics() const override { return running_ ? running_->metrics() : none_; }

 private:
  Settings settings_;
  LogSink access_log_;
  Resolve resolve_;
  const Metrics none_{1};
  std::unique_ptr<RunningDataPlane> running_;
};

}  // namespace

base::Result<std::unique_ptr<DataPlane>> DataPlane::start(Settings settings, LogSink access_log, Resolve resolve) {
  return std::make_unique<StartingDataPlane>(std::move(settings), std::move(access_log), std::move(resolve));
}

}  // namespace cardea::proxy
