// SPDX-License-Identifier: Apache-2.0
#include "app/controller.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <utility>

#include "api/status_value.h"
#include "app/admin.h"
#include "app/build_info.h"
#include "app/http_server.h"
#include "app/listen_addresses.h"
#include "app/metrics_page.h"
#include "app/report.h"
#include "app/signals.h"
#include "async/scope.h"
#include "cluster/api_source.h"
#include "cluster/authority.h"
#include "cluster/class_finalizer.h"
#include "cluster/events.h"
#include "cluster/leader_election.h"
#include "cluster/object_names.h"
#include "cluster/plan_server.h"
#include "cluster/provision.h"
#include "cluster/refusals.h"
#include "cluster/status_writer.h"
#include "cluster/token_review.h"
#include "control/control_loop.h"
#include "plan/json.h"

namespace cardea::app {
namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t kAdminPatience = 500;
constexpr std::uint64_t kEndPatience = 5'000;

base::WallTime wall_now() {
  return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
}

std::string host_name() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "cardea-controller";
}

// A pod that is started anew keeps its name, and must not take its predecessor's lease for its own.
std::string lease_identity() {
  std::random_device random;
  return fmt::format("{}_{:08x}{:08x}", host_name(), random(), random());
}

cluster::LeaderSettings lease_settings(const ControllerSettings& settings, const kube::Config& config) {
  cluster::LeaderSettings lease = settings.lease;
  lease.namespace_ = config.namespace_;
  lease.identity = lease_identity();
  return lease;
}

translate::Options options_of(const ControllerSettings& settings) {
  translate::Options options;
  options.controller_name = settings.controller_name;
  options.shared_machine = false;
  options.reserved_ports = {cluster::kProxyAdminPort};
  return options;
}

// Plans go to proxies; what is known of them comes from three sides: what they say, what was made for them, what is installed.
class ClusterPlans final : public control::PlanSink {
 public:
  ClusterPlans(cluster::PlanServer& server, const cluster::Provisioner& provisioner, const cluster::ApiSource& source)
      : server_(server), provisioner_(provisioner), source_(source) {}

  void publish(const plan::PlanSet& plans) override {
    server_.publish(plans);
    published_ = true;
  }
  translate::Observed observed() const override {
    translate::Observed observed = server_.observed();
    provisioner_.observe(observed);
    observed.installed = source_.installed();
    return observed;
  }
  bool published() const { return published_; }

 private:
  cluster::PlanServer& server_;
  const cluster::Provisioner& provisioner_;
  const cluster::ApiSource& source_;
  bool published_ = false;
};

// Statuses go to the writer, with what is to be said of objects that translation never saw.
class ClusterStatuses final : public control::StatusSink {
 public:
  ClusterStatuses(cluster::StatusWriter& writer, const cluster::ApiSource& source, const control::ControlLoop& control,
                  std::string controller_name)
      : writer_(writer), source_(source), control_(control), controller_name_(std::move(controller_name)) {}

  void write(const control::Statuses& statuses) override {
    translated_ = statuses;
    said_ = source_.undecodable_changes();
    writer_.write(cluster::with_undecodable(translated_, source_.undecodable(), control_.resources(), controller_name_));
  }
  // Once there was a first write().
  void say_again_if_changed() {
    if (said_ != source_.undecodable_changes()) write(control::Statuses(translated_));
  }

 private:
  cluster::StatusWriter& writer_;
  const cluster::ApiSource& source_;
  const control::ControlLoop& control_;
  std::string controller_name_;
  control::Statuses translated_;
  std::size_t said_ = 0;
};

class Controller {
 public:
  Controller(async::Loop& loop, const ControllerSettings& settings, kube::Config config)
      : loop_(loop),
        settings_(settings),
        client_(loop, config, settings.kube),
        lease_client_(loop, config, {.request_timeout = settings.lease.renew_within * 2 / 5}),
        events_(client_),
        authority_(client_, {.namespace_ = config.namespace_}, wall_now, [this] { provisioner_.set_ca(authority_.bundle()); }),
        source_(client_, statuses_, settings.controller_name, settings.scope, {.page_size = settings.page_size}, settings.outage_grace),
        server_(loop, {.controller = host_name(), .version = build_info().find("version")->as_string(), .limits = settings.plan_server},
                [this] { return authority_.identity(); },
                [this](std::string token) { return cluster::review_token(&client_, std::move(token)); }),
        provisioner_(client_, events_, proxy_options(settings, config), settings.scope, [this] { changed_.raise(loop_); }),
        finalizer_(client_, settings.controller_name),
        writer_(client_, statuses_, [this](std::string_view kind) { return source_.type_of(kind); }, settings.controller_name,
                wall_now, {.hold = settings.status_hold, .at_once = settings.status_writes}),
        election_(lease_client_, lease_settings(settings, config), wall_now,
                  [this](bool leading) { lead(leading); }),
        plans_(server_, provisioner_, source_),
        status_sink_(writer_, source_, control_, settings.controller_name),
        control_(options_of(settings), plans_, status_sink_),
        report_({}),
        signals_(loop),
        admin_handler_(facts()),
        admin_(loop, admin_handler_),
        tasks_(loop) {}
  Controller(const Controller&) = delete;
  Controller& operator=(const Controller&) = delete;

  async::Task<int> run() {
    const auto started = start();
    if (!started) {
      fmt::print(stderr, "cardea controller: {}\n", started.error().message);
    } else {
      co_await follow();
    }
    co_await end();
    co_return started ? 0 : 1;
  }

 private:
  static cluster::ProxyOptions proxy_options(const ControllerSettings& settings, const kube::Config& config);
  static async::Task<void> keep_authority(Controller* self) { co_await self->authority_.run(async::StopToken(self->stop_)); }
  static async::Task<void> provision(Controller* self) { co_await self->provisioner_.run(async::StopToken(self->stop_)); }
  static async::Task<void> finalize(Controller* self) { co_await self->finalizer_.run(async::StopToken(self->stop_)); }
  static async::Task<void> write_statuses(Controller* self) { co_await self->writer_.run(); }
  static async::Task<void> elect(Controller* self) { co_await self->election_.run(async::StopToken(self->stop_)); }

  base::Result<> start();
  async::Task<void> follow();
  async::Task<void> end();
  static async::Task<void> end_late(async::Loop* loop, async::Signal* done);
  void work();
  void tell_others();
  void lead(bool leading);
  AdminFacts facts();
  std::vector<base::Value> documents() const;
  std::vector<std::string> problems() const;
  std::string metrics() const;
  std::string not_ready() const;

  async::Loop& loop_;
  const ControllerSettings& settings_;
  kube::Client client_;
  kube::Client lease_client_;  // whose requests never wait behind others; two of them, and we still stop leading in time
  cluster::Events events_;
  cluster::LiveStatuses statuses_;
  cluster::Authority authority_;
  cluster::ApiSource source_;
  cluster::PlanServer server_;
  cluster::Provisioner provisioner_;
  cluster::ClassFinalizer finalizer_;
  cluster::StatusWriter writer_;
  cluster::LeaderElection election_;
  ClusterPlans plans_;
  ClusterStatuses status_sink_;
  control::ControlLoop control_;
  Report report_;
  Signals signals_;
  AdminHandler admin_handler_;
  HttpServer admin_;
  async::TaskScope tasks_;
  async::StopSource stop_;
  async::Signal changed_;
  bool ending_ = false;
  bool told_ready_ = false;
};

cluster::ProxyOptions Controller::proxy_options(const ControllerSettings& settings, const kube::Config& config) {
  cluster::ProxyOptions options;
  options.controller_name = settings.controller_name;
  options.image = settings.proxy_image;
  options.controller = settings.plans_address.empty()
                           ? fmt::format("cardea-controller.{}.svc:{}", config.namespace_, settings.plans.port)
                           : settings.plans_address;
  return options;
}

base::Result<> Controller::start() {
  base::log_info("{}", version_line());
  base::log_info("API server {}, controllerName {}", client_.config().server(), settings_.controller_name);
  const auto admin = listen_at(settings_.admin, [this](const base::IpPort& where) { return admin_.listen(where); });
  if (!admin) return base::fail(fmt::format("--admin: {}", admin.error().message));
  base::log_info("admin at http://{}/ (status, plan, metrics)", base::to_string(*admin));
  const auto plans = listen_at(settings_.plans, [this](const base::IpPort& where) { return server_.listen(where); });
  if (!plans) return base::fail(fmt::format("--plans: {}", plans.error().message));
  if (auto started = source_.start(control_.inbox()); !started) return started;
  tasks_.spawn(&Controller::keep_authority, this);
  tasks_.spawn(&Controller::provision, this);
  tasks_.spawn(&Controller::finalize, this);
  tasks_.spawn(&Controller::write_statuses, this);
  if (!settings_.no_leader_election) tasks_.spawn(&Controller::elect, this);
  else lead(true);
  return {};
}

// Works off what changed, and says so.
void Controller::work() {
  const control::Outcome outcome = control_.run();
  if (plans_.published()) status_sink_.say_again_if_changed();
  if (!outcome.translated) return;
  tell_others();
  report_.after(outcome, control_);
  if (!std::exchange(told_ready_, true)) base::log_info("ready: the first full picture is translated; following every change");
}

// Those who work from what was translated, beside the sinks.
void Controller::tell_others() {
  const api::Resources resources = control_.resources();
  const plan::PlanSet& plans = control_.current().plans;
  // Also of those that have no plan just now: their proxies are told to serve nothing.
  std::map<plan::ObjectName, plan::ObjectName> accounts;
  for (const auto& gateway : resources.all<api::Gateway>()) {
    const api::ObjectMeta& metadata = gateway->metadata;
    const auto* const gateway_class = resources.find<api::GatewayClass>("", gateway->spec.gateway_class_name);
    if (!gateway_class || gateway_class->spec.controller_name != settings_.controller_name) continue;
    accounts[{metadata.namespace_, cluster::object_name(metadata.name, gateway->spec.gateway_class_name)}] = {metadata.namespace_, metadata.name};
  }
  server_.permit(std::move(accounts));
  provisioner_.want(resources, plans);
  finalizer_.want(resources);
  if (election_.leading() || settings_.no_leader_election) cluster::tell_refusals(events_, resources, control_.observed());
}

void Controller::lead(bool leading) {
  writer_.set_leading(leading);
  provisioner_.set_leader(leading);
  finalizer_.set_leader(leading);
}

async::Task<void> Controller::follow() {
  while (!loop_.ended()) {
    while (const auto signal = signals_.take()) {
      if (*signal != SIGHUP) co_return;
    }
    const auto begun = std::chrono::steady_clock::now();
    work();
    // At most half of the time is spent here: what comes while we rest is one batch.
    const auto took = std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begun);
    const async::Deadline rested = loop_.after(static_cast<std::uint64_t>(2 * took.count()));
    co_await async::wait_any(loop_, async::kNever, source_.changed(), server_.changed(), changed_, signals_.arrived());
    if (loop_.now() < rested) co_await async::wait_any(loop_, rested, signals_.arrived());
  }
}

async::Task<void> Controller::end_late(async::Loop* loop, async::Signal* done) {
  const auto wake = co_await async::wait_any(*loop, loop->after(kEndPatience), *done);
  if (wake != async::Wake::TimedOut) co_return;
  base::log_warn("the API server does not answer; ending without it");
  loop->end();
}

async::Task<void> Controller::end() {
  base::log_info("ending: the lease is given back");
  ending_ = true;
  async::TaskScope guard(loop_);
  async::Signal done;
  guard.spawn(&Controller::end_late, &loop_, &done);
  stop_.request(loop_);
  writer_.stop();
  co_await server_.stop();
  co_await tasks_.close();
  done.raise(loop_);
  co_await guard.close();
  co_await admin_.stop(kAdminPatience);
  loop_.end();  // reads under way are of no use to anybody now
  co_await source_.stop();
  co_await events_.close();
}

AdminFacts Controller::facts() {
  return {.statuses = [this] { return documents(); },
          .problems = [this] { return problems(); },
          .plan = [this] { return plan::to_value(control_.current().plans, plan::Redact::Yes); },
          .metrics = [this] { return metrics(); },
          .not_ready = [this] { return not_ready(); }};
}

std::vector<base::Value> Controller::documents() const {
  std::vector<base::Value> documents;
  for (const auto& status : writer_.wanted()) {
    api::ObjectMeta metadata;
    metadata.name = status->object.key.name;
    metadata.namespace_ = status->object.key.namespace_;
    metadata.generation = status->generation;
    documents.push_back(api::status_document(status->object.kind, metadata, translate::to_value(status->status)));
  }
  return documents;
}

std::vector<std::string> Controller::problems() const {
  std::vector<std::string> problems = source_.problems();
  std::ranges::copy(writer_.problems(), std::back_inserter(problems));
  if (!authority_.problem().empty()) problems.push_back("the controllers' CA: " + authority_.problem());
  if (!election_.problem().empty()) problems.push_back("leader election: " + election_.problem());
  return problems;
}

std::string Controller::metrics() const {
  const cluster::StatusMetrics& statuses = writer_.metrics();
  const kube::ClientMetrics& requests = client_.metrics();
  const ControllerFacts facts{.ready = not_ready().empty(),
                              .leading = election_.leading() || settings_.no_leader_election,
                              .problems = problems().size(),
                              .requests = requests.requests.value() + lease_client_.metrics().requests.value(),
                              .request_failures = requests.failures.value() + lease_client_.metrics().failures.value(),
                              .throttled = requests.throttled.value(),
                              .events = source_.metrics().events.value(),
                              .undecodable = source_.metrics().undecodable.value(),
                              .watch_failures = source_.watch_failures(),
                              .referenced = source_.referenced().size(),
                              .status_writes = statuses.writes.value(),
                              .status_conflicts = statuses.conflicts.value(),
                              .status_failures = statuses.failures.value(),
                              .status_undone = statuses.undone.value(),
                              .status_waiting = statuses.waiting.value(),
                              .proxies = server_.metrics().streams.value(),
                              .proxies_refused = server_.metrics().refused.value(),
                              .applied = provisioner_.metrics().applied.value(),
                              .deleted = provisioner_.metrics().deleted.value(),
                              .provision_failures = provisioner_.metrics().failures.value()};
  return controller_metrics(control_.metrics(), facts, read_process_facts());
}

std::string Controller::not_ready() const {
  if (ending_) return "ending";
  if (plans_.published()) return "";
  const std::string waiting = source_.waiting_for();
  return waiting.empty() ? "translating" : waiting;
}

async::Task<int> control_cluster(async::Loop& loop, const ControllerSettings& settings) {
  auto config = kube::find_config(settings.kubeconfig, settings.context);
  if (!config) {
    fmt::print(stderr, "cardea controller: {}\n", config.error().message);
    co_return 1;
  }
  if (!settings.namespace_.empty()) config->namespace_ = settings.namespace_;
  Controller controller(loop, settings, *std::move(config));
  co_return co_await controller.run();
}

}  // namespace

int run_controller(const ControllerSettings& settings) {
  base::set_log_level(settings.log_level);
  read_process_facts();  // notes when we started
  async::Loop loop;
  return loop.run(control_cluster(loop, settings));
}

}  // namespace cardea::app
