// SPDX-License-Identifier: Apache-2.0
#include "cluster/provision.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/log.h"
#include "cluster/object_names.h"

namespace cardea::cluster {
namespace {

using namespace std::chrono_literals;
using base::Value;

constexpr std::string_view kFailed = "ProvisioningFailed";
constexpr std::size_t kMaxUnderWay = 8;  // Gateways at once
constexpr std::uint32_t kTelling = 3;    // failures that may pass by themselves, before a condition tells of them
constexpr auto kFirstRetry = 500ms;
constexpr auto kMostRetry = 60'000ms;
constexpr auto kFirstPause = 1'000ms;  // between two applications of the same content
constexpr auto kMostPause = 300'000ms;

const kube::ResourceType& resource_of(std::string_view kind) {
  if (kind == "Deployment") return kube::resource::kDeployments;
  if (kind == "Service") return kube::resource::kServices;
  if (kind == "ConfigMap") return kube::resource::kConfigMaps;
  return kube::resource::kServiceAccounts;
}

kube::ObjectPath path_of(const ObjectRef& ref) { return {resource_of(ref.kind), ref.namespace_, ref.name}; }

ObjectRef ref_of(const GatewayObject& object) { return {std::string(object.kind), object.namespace_, object.name}; }

kube::ApiError not_ours(const ObjectRef& ref, bool of_an_earlier_one) {
  kube::ApiError error;
  error.status = of_an_earlier_one ? 409 : 422;
  error.reason = of_an_earlier_one ? "Conflict" : "NotOurs";
  error.message = of_an_earlier_one ? fmt::format("{} still belongs to an earlier Gateway of this name", to_text(ref))
                                    : fmt::format("{} exists and is not the Gateway's: it is left as it is", to_text(ref));
  return error;
}

// Of all that we make, and of its pods.
std::string selector_of(const ProxyOptions& options) { return fmt::format("{}={}", kControllerLabel, label_value(options.controller_name)); }

// What may well be over at the next try.
bool may_pass(const kube::ApiError& error) { return error.temporary() || error.conflict(); }

// The reason of the Gateway's condition.
std::string_view reason_for(const kube::ApiError& error) {
  if (error.forbidden() && error.message.contains("exceeded quota")) return translate::reason::kNoResources;
  return may_pass(error) ? translate::reason::kPending : translate::reason::kInvalid;
}

}  // namespace

Provisioner::Provisioner(kube::Client& client, Events& events, ProxyOptions options, const WatchScope& scope,
                         std::function<void()> changed)
    : client_(client),
      events_(events),
      options_(std::move(options)),
      changed_(std::move(changed)),
      causes_(client, selector_of(options_), scope, [this] { changed_(); }),
      tasks_(client.loop()) {
  for (const std::string& place : scope.places()) {
    for (const char* kind : {"ServiceAccount", "ConfigMap", "Service", "Deployment"}) add_reflector(kind, place);
  }
}
Provisioner::~Provisioner() = default;

void Provisioner::add_reflector(const std::string& kind, const std::string& place) {
  kube::ReflectorOptions options;
  options.namespace_ = place;
  options.label_selector = selector_of(options_);
  kube::ReflectorEvents events{.put = [this, kind](Value object) { take(kind, std::move(object)); },
                               .erase = [this, kind](const api::ObjectKey& key) { forget({kind, key.namespace_, key.name}); },
                               .synced = [this] { work_.raise(client_.loop()); }};
  reflectors_.push_back(std::make_unique<kube::Reflector>(client_, resource_of(kind), std::move(options), std::move(events)));
}

async::Task<void> Provisioner::run(async::StopToken stop) {
  async::Loop& loop = client_.loop();
  for (const auto& reflector : reflectors_) tasks_.spawn(&Provisioner::follow, reflector.get(), stop);
  tasks_.spawn(&Provisioner::follow_causes, this, stop);
  while (!stop.requested() && !loop.ended()) {
    start_due();
    co_await async::wait_any(loop, next_due(), work_, stop.signal());
  }
  co_await tasks_.close();
}

async::Task<void> Provisioner::follow(kube::Reflector* reflector, async::StopToken stop) { co_await reflector->run(stop); }

// --- What is seen ----------------------------------------------------------------------------------------------------

void Provisioner::take(const std::string& kind, Value object) {
  const ObjectRef ref{kind, std::string(kube::text_at(object, {"metadata", "namespace"})),
                      std::string(kube::text_at(object, {"metadata", "name"}))};
  if (!seen_.put(ref, std::move(object))) return;
  touch_owner(*seen_.find(ref));
  changed_();
}

void Provisioner::forget(const ObjectRef& ref) {
  const Value* object = seen_.find(ref);
  if (!object) return;
  touch_owner(*object);
  seen_.erase(ref);
  changed_();
}

void Provisioner::touch_owner(const Value& object) {
  const auto entry = entries_.find({std::string(kube::text_at(object, {"metadata", "namespace"})), owner_of(object).name});
  if (entry != entries_.end()) touch(entry->second);
}

bool Provisioner::synced() const {
  return std::ranges::all_of(reflectors_, [](const auto& reflector) { return reflector->synced(); });
}

void Provisioner::observe(translate::Observed& observed) const {
  for (const auto& [key, entry] : entries_) {
    translate::GatewayObserved& own = observed.gateways[{key.namespace_, key.name}];
    own.unprovisioned = entry.problem;
    for (const GatewayObject& object : entry.wanted->objects) {
      const Value* live = seen_.find(ref_of(object));
      if (!live || owner_of(*live).uid != entry.wanted->gateway->metadata.uid) continue;
      if (object.kind == "Service") observe_service(*entry.wanted, *live, own);
      if (object.kind == "Deployment") observe_deployment(*entry.wanted, *live, own);
    }
  }
}

void Provisioner::observe_service(const Wanted& wanted, const Value& service, translate::GatewayObserved& own) const {
  own.addresses = load_balancer_addresses(service);
  if (!own.addresses.empty() && wanted.gateway->spec.addresses.empty()) return;
  own.address_warning = causes_.of_service(kube::text_at(service, {"metadata", "namespace"}), kube::text_at(service, {"metadata", "name"}),
                                           kube::text_at(service, {"metadata", "uid"}));
}

void Provisioner::observe_deployment(const Wanted& wanted, const Value& deployment, translate::GatewayObserved& own) const {
  own.ready_proxies = ready_replicas(deployment);
  if (own.ready_proxies > 0 || own.unprovisioned) return;
  const api::Gateway& gateway = *wanted.gateway;
  const std::string failure = replica_failure(deployment);
  if (!failure.empty()) {
    own.unprovisioned = {translate::reason::kNoResources,
                         fmt::format("Deployment {}/{}: {}", gateway.metadata.namespace_, kube::text_at(deployment, {"metadata", "name"}), failure)};
  } else {
    own.unprovisioned = causes_.of_pods(gateway.metadata.namespace_, label_value(gateway.metadata.name), label_value(gateway.spec.gateway_class_name));
  }
}

std::map<plan::ObjectName, plan::ObjectName> Provisioner::gateways_by_account() const {
  std::map<plan::ObjectName, plan::ObjectName> accounts;
  for (const auto& [key, entry] : entries_) {
    for (const GatewayObject& object : entry.wanted->objects) {
      if (object.kind == "ServiceAccount") accounts.emplace(plan::ObjectName{object.namespace_, object.name}, plan::ObjectName{key.namespace_, key.name});
    }
  }
  return accounts;
}

// --- What is wanted --------------------------------------------------------------------------------------------------

void Provisioner::want(const api::Resources& resources, const plan::PlanSet& plans) {
  for (const auto& plan : plans) {
    const auto* gateway = resources.all<api::Gateway>().find_ref(plan->gateway.namespace_, plan->gateway.name);
    if (gateway) want_one(*gateway, *plan);
  }
  for (const auto& gateway : resources.all<api::Gateway>()) {
    const auto* gateway_class = resources.find<api::GatewayClass>("", gateway->spec.gateway_class_name);
    if (!gateway_class || gateway_class->spec.controller_name == options_.controller_name) continue;
    const auto entry = entries_.find(gateway->metadata.key());
    const bool ours = entry != entries_.end() ? !entry->second.wanted->objects.empty() : !seen_.owned_by(gateway->metadata.uid).empty();
    if (!ours) continue;
    Entry& leaving = entry_of(gateway->metadata.key());
    leaving.wanted = std::make_shared<const Wanted>(Wanted{gateway, {}, {}});
    touch(leaving);
  }
  std::erase_if(entries_, [&](const auto& item) { return !item.second.under_way && !resources.find<api::Gateway>(item.first); });
}

void Provisioner::want_one(const api::Ref<api::Gateway>& gateway, const plan::Plan& plan) {
  const bool leaving = gateway->metadata.deletion_timestamp != api::Timestamp{};
  if (leaving) return;
  Entry& entry = entry_of(gateway->metadata.key());
  Ports ports = ports_of(plan);
  if (entry.wanted && entry.wanted->gateway == gateway && entry.wanted->ports == ports && !entry.wanted->objects.empty()) return;
  renew(entry, gateway, std::move(ports));
}

void Provisioner::renew(Entry& entry, const api::Ref<api::Gateway>& gateway, Ports ports) {
  auto objects = gateway_objects(*gateway, ports, options_);
  entry.wanted = std::make_shared<const Wanted>(Wanted{gateway, std::move(ports), std::move(objects)});
  entry.retry.reset();
  touch(entry);
}

Provisioner::Entry& Provisioner::entry_of(const api::ObjectKey& key) {
  const auto found = entries_.find(key);
  if (found != entries_.end()) return found->second;
  return entries_
      .emplace(key, Entry{.wanted = nullptr,
                          .problem = {},
                          .failures = 0,
                          .under_way = false,
                          .due = async::kNever,
                          .retry = base::Backoff(kFirstRetry, kMostRetry)})
      .first->second;
}

void Provisioner::set_leader(bool leader) {
  if (std::exchange(leader_, leader) == leader || !leader) return;
  touch_all();
}

void Provisioner::set_ca(std::string pem) {
  if (options_.ca_pem == pem) return;
  options_.ca_pem = std::move(pem);
  for (auto& [key, entry] : entries_) {
    if (!entry.wanted->objects.empty()) renew(entry, entry.wanted->gateway, entry.wanted->ports);
  }
}

void Provisioner::touch(Entry& entry) {
  entry.due = client_.loop().now();
  work_.raise(client_.loop());
}

void Provisioner::touch_all() {
  for (auto& [key, entry] : entries_) touch(entry);
}

// --- Making it so ----------------------------------------------------------------------------------------------------

void Provisioner::start_due() {
  if (!leader_ || options_.ca_pem.empty() || !synced()) return;
  for (auto& [key, entry] : entries_) {
    if (under_way_ >= kMaxUnderWay) return;
    if (entry.under_way || entry.due > client_.loop().now()) continue;
    entry.due = async::kNever;
    entry.under_way = true;
    ++under_way_;
    tasks_.spawn(&Provisioner::work_on, this, key);
  }
}

async::Deadline Provisioner::next_due() const {
  async::Deadline next = async::kNever;
  if (!leader_ || options_.ca_pem.empty() || !synced() || under_way_ >= kMaxUnderWay) return next;
  for (const auto& [key, entry] : entries_) {
    if (!entry.under_way) next = std::min(next, entry.due);
  }
  return next;
}

// The entry stays while work is under way on it.
async::Task<void> Provisioner::work_on(Provisioner* self, api::ObjectKey key) {
  const std::shared_ptr<const Wanted> wanted = self->entries_.at(key).wanted;
  async::Deadline again = async::kNever;
  const Failure failure = co_await self->make_so(*wanted, again);
  Entry& entry = self->entries_.at(key);
  entry.under_way = false;
  --self->under_way_;
  self->finish(entry, *wanted, failure, again);
  self->work_.raise(self->client_.loop());
}

async::Task<Provisioner::Failure> Provisioner::make_so(const Wanted& wanted, async::Deadline& again) {
  for (const GatewayObject& object : wanted.objects) {
    if (!object.manifest || !must_apply(seen_.find(ref_of(object)), *object.manifest)) continue;
    if (!leader_) co_return std::nullopt;
    Failure failure = co_await apply(ref_of(object), wanted, *object.manifest, again);
    if (failure) co_return failure;
  }
  co_return co_await remove_others(wanted);
}

async::Task<Provisioner::Failure> Provisioner::apply(const ObjectRef& ref, const Wanted& wanted, const Value& manifest,
                                                     async::Deadline& again) {
  async::Loop& loop = client_.loop();
  const std::string hash(kube::text_at(manifest, {"metadata", "annotations", kAppliedAnnotation}));
  auto [applied, first] = applied_.try_emplace(ref, Applied{.hash = {}, .not_before = 0, .pause = {kFirstPause, kMostPause}});
  if (applied->second.hash == hash && applied->second.not_before > loop.now()) {
    again = std::min(again, applied->second.not_before);
    co_return std::nullopt;
  }
  if (Failure failure = co_await check_owner(ref, wanted)) co_return failure;
  auto live = co_await client_.apply(path_of(ref), manifest, {.field_manager = std::string(kFieldManager), .force = true});
  if (!live) co_return std::move(live).error();
  metrics_.applied.add();
  base::log_debug("applied {}", to_text(ref));
  Applied& last = applied_.at(ref);
  if (last.hash != hash) last.pause.reset();
  last.hash = hash;
  last.not_before = loop.after(static_cast<std::uint64_t>(last.pause.next().count()));
  seen_.put(ref, *std::move(live));
  changed_();
  co_return std::nullopt;
}

// Server-side apply would make an object ours that somebody else put there under that name.
async::Task<Provisioner::Failure> Provisioner::check_owner(const ObjectRef& ref, const Wanted& wanted) {
  const std::string& uid = wanted.gateway->metadata.uid;
  if (const Value* seen = seen_.find(ref)) {
    if (owner_of(*seen).uid == uid) co_return std::nullopt;
  }
  const auto live = co_await client_.get(path_of(ref), true);
  if (!live && live.error().not_found()) co_return std::nullopt;
  if (!live) co_return live.error();
  const Owner owner = owner_of(*live);
  if (owner.uid == uid) co_return std::nullopt;
  co_return not_ours(ref, owner.name == wanted.gateway->metadata.name);
}

async::Task<Provisioner::Failure> Provisioner::remove_others(const Wanted& wanted) {
  for (const ObjectRef& ref : seen_.owned_by(wanted.gateway->metadata.uid)) {
    const bool stays = std::ranges::any_of(wanted.objects, [&](const GatewayObject& object) { return ref_of(object) == ref; });
    const Value* object = seen_.find(ref);
    if (stays || !object || !leader_ || kube::value_at(*object, {"metadata", "deletionTimestamp"})) continue;
    const std::string uid(kube::text_at(*object, {"metadata", "uid"}));
    const auto removed = co_await client_.remove(path_of(ref), {.uid = uid, .propagation = "Background"});
    if (!removed && !removed.error().not_found()) co_return removed.error();
    metrics_.deleted.add();
    base::log_info("deleted {}: Gateway {} does not want it any more", to_text(ref), api::to_text(wanted.gateway->metadata.key()));
    applied_.erase(ref);
  }
  co_return std::nullopt;
}

void Provisioner::finish(Entry& entry, const Wanted& wanted, const Failure& failure, async::Deadline again) {
  const auto before = entry.problem;
  const std::string name = api::to_text(wanted.gateway->metadata.key());
  if (!failure) {
    entry.failures = 0;
    entry.problem.reset();
    entry.retry.reset();
    entry.due = std::min(entry.due, again);
    if (before) events_.forget(wanted.gateway->metadata.uid, kFailed);
  } else if (!failure->ended()) {
    metrics_.failures.add();
    ++entry.failures;
    entry.due = std::min(entry.due, client_.loop().after(static_cast<std::uint64_t>(entry.retry.next().count())));
    if (!may_pass(*failure) || entry.failures >= kTelling) {
      entry.problem = translate::Problem{reason_for(*failure), failure->message};
      events_.warn(subject_of(*wanted.gateway), kFailed, failure->message);
    }
    if (entry.failures == 1) base::log_warn("Gateway {}: {}; it is tried again", name, failure->message);
  }
  if (before != entry.problem) changed_();
}

}  // namespace cardea::cluster
