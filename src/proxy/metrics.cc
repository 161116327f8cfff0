// SPDX-License-Identifier: Apache-2.0
#include "proxy/metrics.h"

#include <algorithm>
#include <utility>

#include "proxy/metrics_registry.h"

namespace cardea::proxy {

// --- Status codes ---------------------------------------------------------------------------------------------------

namespace {

constexpr std::size_t kFirstCode = 100;
constexpr std::size_t kLastCode = 599;

// From a status to its place among StatusCounters.
constexpr auto kPlaces = [] {
  std::array<std::uint8_t, kLastCode - kFirstCode + 1> places{};
  for (std::size_t i = 0; i < places.size(); ++i) {
    places[i] = static_cast<std::uint8_t>(StatusCounters::kCodes.size() + i / 100);
  }
  for (std::size_t i = 0; i < StatusCounters::kCodes.size(); ++i) {
    places[StatusCounters::kCodes[i] - kFirstCode] = static_cast<std::uint8_t>(i);
  }
  return places;
}();

constexpr std::array<std::string_view, StatusCounters::kSize> kLabels = {
    "101", "200", "201", "202", "204", "206", "301", "302", "303", "304", "307", "308", "400", "401",
    "403", "404", "405", "406", "408", "409", "410", "412", "413", "414", "415", "416", "417", "421",
    "422", "429", "431", "499", "500", "502", "503", "504", "1xx", "2xx", "3xx", "4xx", "5xx", "other"};

}  // namespace

std::string_view name_of(MirrorDrop drop) {
  static constexpr std::array<std::string_view, kMirrorDrops> kNames = {"too_many",     "too_slow", "request_ended",
                                                                        "no_endpoints", "failed",   "timed_out"};
  return kNames[static_cast<std::size_t>(drop)];
}

void StatusCounters::record(std::uint16_t status) {
  const bool known = status >= kFirstCode && status <= kLastCode;
  counters_[known ? kPlaces[status - kFirstCode] : kSize - 1].add();
}

std::string_view StatusCounters::label(std::size_t i) { return kLabels[i]; }

void Http2FaultCounters::record(std::string_view fault) {
  const auto found = std::ranges::find(kNames, fault);
  counters_[found == kNames.end() ? kNames.size() - 1 : static_cast<std::size_t>(found - kNames.begin())].add();
}

// --- Series ---------------------------------------------------------------------------------------------------------

BindSeries::BindSeries(Metrics& owner, std::string bind_address, std::uint16_t bind_port)
    : metrics(owner), address(std::move(bind_address)), port(bind_port), counters(owner.workers()) {
  metrics.registry_->binds.insert(this);
}
BindSeries::~BindSeries() { metrics.registry_->binds.erase(this); }

ListenerSeries::ListenerSeries(Metrics& owner, plan::ObjectName gateway_name, const plan::Listener& listener)
    : metrics(owner),
      id(++owner.registry_->last_listener_id),
      gateway(std::move(gateway_name)),
      from_listener_set(listener.from_listener_set),
      listener_owner(listener.owner),
      name(listener.name),
      counters(owner.workers()) {
  metrics.registry_->listeners.insert(this);
}
ListenerSeries::~ListenerSeries() { metrics.registry_->listeners.erase(this); }

RuleSeries::RuleSeries(Metrics& owner, std::shared_ptr<ListenerSeries> under, plan::Ref<plan::Rule> of)
    : metrics(owner), listener(std::move(under)), rule(std::move(of)), counters(owner.workers()) {
  metrics.registry_->rules.insert(this);
}
RuleSeries::~RuleSeries() { metrics.registry_->rules.erase(this); }

BackendSeries::BackendSeries(Metrics& owner, std::shared_ptr<RuleSeries> of, std::string backend_id)
    : metrics(owner), rule(std::move(of)), id(std::move(backend_id)), counters(owner.workers()) {
  metrics.registry_->backends.insert(this);
}
BackendSeries::~BackendSeries() { metrics.registry_->backends.erase(this); }

Metrics::Metrics(unsigned workers) : registry_(std::make_unique<Registry>()) {
  for (unsigned i = 0; i < workers; ++i) workers_.push_back(std::make_unique<WorkerCounters>());
}
Metrics::~Metrics() = default;

std::shared_ptr<BindSeries> Metrics::bind(std::string_view address, std::uint16_t port) {
  if (auto* known = registry_->binds.find({address, port})) return known->shared_from_this();
  return std::make_shared<BindSeries>(*this, std::string(address), port);
}

std::shared_ptr<ListenerSeries> Metrics::listener(const plan::ObjectName& gateway, const plan::Listener& listener) {
  auto* known = registry_->listeners.find({gateway, listener.from_listener_set, listener.owner, listener.name});
  return known ? known->shared_from_this() : std::make_shared<ListenerSeries>(*this, gateway, listener);
}

std::shared_ptr<RuleSeries> Metrics::rule(const std::shared_ptr<ListenerSeries>& listener,
                                          const plan::Ref<plan::Rule>& rule) {
  auto* known = registry_->rules.find({listener.get(), *rule});
  if (!known) return std::make_shared<RuleSeries>(*this, listener, rule);
  known->rule = rule;
  return known->shared_from_this();
}

std::shared_ptr<BackendSeries> Metrics::backend(const std::shared_ptr<RuleSeries>& rule, std::string_view id) {
  auto* known = registry_->backends.find({rule.get(), id});
  return known ? known->shared_from_this() : std::make_shared<BackendSeries>(*this, rule, std::string(id));
}

std::size_t Metrics::series() const {
  return registry_->binds.size() + registry_->listeners.size() + registry_->rules.size() + registry_->backends.size();
}

}  // namespace cardea::proxy
