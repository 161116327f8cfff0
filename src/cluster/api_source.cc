// SPDX-License-Identifier: Apache-2.0
#include "cluster/api_source.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <utility>

#include "api/decode.h"
#include "base/log.h"

namespace cardea::cluster {
namespace {

constexpr std::string_view kBundleVersion = "gateway.networking.k8s.io/bundle-version";
constexpr std::string_view kChannel = "gateway.networking.k8s.io/channel";
constexpr std::uint64_t kSettle = 100;            // after a CRD changed: it is served a moment later
constexpr std::uint64_t kLookAgain = 30'000;      // also when nobody told of a change
constexpr std::uint64_t kDiscoveryRetry = 2'000;
// Secrets and ConfigMaps that nobody refers to may change all the time: they wake us no more often than this.
constexpr std::chrono::milliseconds kMetadataRest{20};

// Of the groups whose kinds may be missing.
constexpr std::array<std::string_view, 2> kOptionalGroups{api::kGatewayGroup, api::kCardeaGroup};

std::optional<kube::ResourceType> best_type(const KindRule& rule, const kube::ServedGroup& served) {
  for (const std::string_view version : rule.versions) {
    const auto found = served.find(version);
    if (version.empty() || found == served.end() || !found->second.contains(std::string(rule.plural))) continue;
    return kube::ResourceType{std::string(rule.group), std::string(version), std::string(rule.plural), rule.namespaced};
  }
  return std::nullopt;
}

std::string definition_name(const KindRule& rule) { return fmt::format("{}.{}", rule.plural, rule.group); }

std::int64_t generation_of(const base::Value& object) {
  const base::Value* const generation = kube::value_at(object, {"metadata", "generation"});
  return generation && generation->is_int() ? generation->as_int() : 0;
}

std::string text_of(const api::InvalidObject& invalid) {
  std::string text;
  for (const api::DecodeError& error : invalid.errors) {
    text += fmt::format("{}{}{}{}", text.empty() ? "" : "; ", error.path, error.path.empty() ? "" : " ", error.text);
  }
  return text;
}

}  // namespace

ApiSource::ApiSource(kube::Client& client, LiveStatuses& statuses, std::string controller_name, WatchScope scope,
                     kube::ReflectorOptions options, std::chrono::milliseconds outage_grace)
    : client_(client),
      statuses_(statuses),
      scope_(std::move(scope)),
      reflector_options_(std::move(options)),
      tasks_(client.loop()),
      referenced_(client, std::move(controller_name), {.in_scope = [this](std::string_view namespace_) { return in_scope(namespace_); },
                                                       .loaded = [this] {
                                                         look_at_sync();
                                                         raise();
                                                       }}),
      outage_grace_(outage_grace) {}

ApiSource::~ApiSource() = default;

base::Result<> ApiSource::start(control::Inbox& inbox) {
  inbox_ = &inbox;
  referenced_.start(inbox);
  tasks_.spawn(&ApiSource::follow_definitions, this);
  tasks_.spawn(&ApiSource::keep_discovering, this);
  return {};
}

async::Task<void> ApiSource::stop() {
  stop_.request(client_.loop());
  discover_wanted_.raise(client_.loop());
  for (auto& [kind, followed] : followed_) followed->stop.request(client_.loop());
  for (auto& followed : ended_) followed->stop.request(client_.loop());
  co_await tasks_.close();
  co_await referenced_.stop();
}

// --- Which kinds are served -------------------------------------------------------------------------------------------

async::Task<void> ApiSource::follow_definitions(ApiSource* self) {
  kube::ReflectorOptions options = self->reflector_options_;
  options.metadata_only = true;
  const kube::ReflectorEvents events{
      .put = [self](const base::Value& definition) { self->put_definition(definition); },
      .erase =
          [self](const api::ObjectKey& key) {
            if (!self->definition_facts_.contains(key.name)) return;  // they go with the kind
            self->discovery_due_ = true;
            self->discover_wanted_.raise(self->client_.loop());
          },
      .synced = [self] { self->look_at_sync(); }};
  self->definitions_ =
      std::make_unique<kube::Reflector>(self->client_, kube::resource::kCustomResourceDefinitions, options, events);
  co_await self->definitions_->run(async::StopToken(self->stop_));
}

void ApiSource::put_definition(const base::Value& definition) {
  const std::string name(kube::text_at(definition, {"metadata", "name"}));
  const auto rule = std::ranges::find_if(kinds(), [&](const KindRule& each) { return each.optional && definition_name(each) == name; });
  if (rule == kinds().end()) return;
  definition_facts_[name] = {std::string(rule->kind),
                             std::string(kube::text_at(definition, {"metadata", "annotations", kBundleVersion})),
                             std::string(kube::text_at(definition, {"metadata", "annotations", kChannel}))};
  discovery_due_ = true;
  discover_wanted_.raise(client_.loop());
  raise();
}

async::Task<void> ApiSource::keep_discovering(ApiSource* self) {
  async::Loop& loop = self->client_.loop();
  while (!self->stop_.requested() && !loop.ended()) {
    self->discovery_due_ = false;
    const bool fine = co_await self->discover();
    if (fine) self->discovered_ = true;
    self->look_at_sync();
    if (!self->discovery_due_) {
      const std::uint64_t wait = fine && self->inbox_->synced() ? kLookAgain : kDiscoveryRetry;
      co_await async::wait_any(loop, loop.after(wait), self->discover_wanted_, self->stop_.signal());
    }
    // What comes together (twelve CRDs) is looked at together.
    if (self->discovery_due_) co_await async::wait_any(loop, loop.after(kSettle), self->stop_.signal());
  }
}

async::Task<bool> ApiSource::discover() {
  metrics_.discoveries.add();
  for (const std::string_view group : kOptionalGroups) {
    const auto served = co_await kube::discover(client_, std::string(group));
    if (stop_.requested()) co_return false;
    if (!served) {
      if (served.error().message != discovery_problem_) base::log_warn("{}; trying again", served.error().message);
      discovery_problem_ = served.error().message;
      co_return false;
    }
    for (const KindRule& rule : kinds()) {
      if (rule.group == group) adopt(rule, best_type(rule, *served));
    }
  }
  discovery_problem_.clear();
  for (const KindRule& rule : kinds()) {
    if (!rule.optional) adopt(rule, first_type(rule));
  }
  co_return true;
}

// Makes what is followed of that kind what it should be.
void ApiSource::adopt(const KindRule& rule, std::optional<kube::ResourceType> type) {
  // With a selector, what is in scope is not known before the Namespaces are.
  const bool early = scope_.namespace_selector && rule.kind != "Namespace" && rule.namespaced;
  if (early && (!followed_.contains("Namespace") || !followed_["Namespace"]->reflectors.front()->synced())) {
    if (!followed_.contains("Namespace")) begin(*find_kind("Namespace"), first_type(*find_kind("Namespace")));
    discovery_due_ = true;
    return;
  }
  const auto found = followed_.find(rule.kind);
  if (found == followed_.end()) {
    if (type) begin(rule, *std::move(type));
    return;
  }
  Followed& old = *found->second;
  if (!old.missing && old.running > 0) return;  // the version that we follow is still served
  if (type) {
    base::log_info("{} is served as {}", rule.kind, type->api_version());
    begin(rule, *std::move(type));
    return;
  }
  base::log_info("{} is not served any more: what it is for is off", rule.kind);
  old.stop.request(client_.loop());
  for (auto& reflector : old.reflectors) reflector->forget_all();
  definition_facts_.erase(definition_name(rule));
  ended_.push_back(std::move(found->second));
  followed_.erase(found);
  raise();
}

void ApiSource::begin(const KindRule& rule, kube::ResourceType type) {
  auto followed = std::make_unique<Followed>();
  followed->rule = &rule;
  followed->type = type;
  const std::vector<std::string> places = rule.namespaced || rule.kind == "Namespace" ? scope_.places() : std::vector<std::string>{""};
  const auto old = followed_.find(rule.kind);
  for (std::size_t i = 0; i < places.size(); ++i) {
    followed->reflectors.push_back(make_reflector(rule, type, places[i]));
    if (old != followed_.end()) old->second->reflectors[i]->hand_over(*followed->reflectors.back());
  }
  if (old != followed_.end()) {
    old->second->stop.request(client_.loop());
    ended_.push_back(std::move(old->second));
  }
  Followed* const now = (followed_[rule.kind] = std::move(followed)).get();
  for (auto& reflector : now->reflectors) {
    ++now->running;
    tasks_.spawn(&ApiSource::follow, this, now, reflector.get());
  }
  raise();
}

std::unique_ptr<kube::Reflector> ApiSource::make_reflector(const KindRule& rule, const kube::ResourceType& type, const std::string& place) {
  kube::ReflectorOptions options = reflector_options_;
  if (rule.namespaced) options.namespace_ = place;
  // By name, so that a right to these Namespaces alone is enough.
  else if (!place.empty()) options.field_selector = "metadata.name=" + place;
  options.metadata_only = rule.only_referenced;
  if (rule.only_referenced) options.rest = kMetadataRest;
  return std::make_unique<kube::Reflector>(
      client_, type, std::move(options),
      kube::ReflectorEvents{.put = [this, &rule](base::Value object) { put(rule, std::move(object)); },
                            .erase = [this, &rule](const api::ObjectKey& key) { erase(rule, key); },
                            .synced = [this] { look_at_sync(); }});
}

async::Task<void> ApiSource::follow(ApiSource* self, Followed* followed, kube::Reflector* reflector) {
  const auto end = co_await reflector->run(async::StopToken(followed->stop));
  --followed->running;
  if (end != kube::Reflector::End::NoSuchType) co_return;
  followed->missing = true;
  self->discovery_due_ = true;
  self->discover_wanted_.raise(self->client_.loop());
  self->look_at_sync();
}

std::optional<kube::ResourceType> ApiSource::type_of(std::string_view kind) const {
  const auto found = followed_.find(kind);
  if (found == followed_.end() || found->second->missing) return std::nullopt;
  return found->second->type;
}

std::vector<translate::InstalledKind> ApiSource::installed() const {
  std::vector<translate::InstalledKind> installed;
  for (const auto& [kind, followed] : followed_) {
    if (followed->rule->group != api::kGatewayGroup || followed->missing) continue;
    const auto facts = definition_facts_.find(definition_name(*followed->rule));
    installed.push_back(facts != definition_facts_.end() ? facts->second : translate::InstalledKind{std::string(kind), "", ""});
  }
  std::ranges::sort(installed, {}, &translate::InstalledKind::kind);
  return installed;
}

// --- Objects ----------------------------------------------------------------------------------------------------------

void ApiSource::put(const KindRule& rule, base::Value object) {
  metrics_.events.add();
  const api::ObjectId id{std::string(rule.kind),
                         {std::string(kube::text_at(object, {"metadata", "namespace"})),
                          std::string(kube::text_at(object, {"metadata", "name"}))}};
  if (rule.namespaced && !in_scope(id.key.namespace_)) return erase(rule, id.key);
  if (rule.only_referenced) return referenced_.told(id, kube::text_at(object, {"metadata", "resourceVersion"}));
  if (rule.has_status) statuses_.put(id, object);
  const auto decoded = api::decode(object, api::DecodeMode::Lenient);
  const auto* const good = decoded.empty() ? nullptr : std::get_if<api::Object>(&decoded.front().outcome);
  if (!good) {
    metrics_.undecodable.add();
    const auto* const invalid = decoded.empty() ? nullptr : std::get_if<api::InvalidObject>(&decoded.front().outcome);
    std::string why = invalid ? text_of(*invalid) : "not an object of this kind";
    Undecodable& known = undecodable_[id];
    if (known.why != why) base::log_warn("{} cannot be used: {}; its last good version stays", api::to_text(id), why);
    known = {std::move(why), generation_of(object), object.find("spec") ? *object.find("spec") : base::Value()};
    ++undecodable_changes_;
    return raise();
  }
  undecodable_changes_ += undecodable_.erase(id);
  if (const auto* const name = std::get_if<api::Ref<api::Namespace>>(good)) put_namespace(id.key, &(*name)->metadata.labels);
  if (const auto* const slice = std::get_if<api::Ref<api::EndpointSlice>>(good)) {
    look_for_outage();
    return tell(readiness_.put(*slice));
  }
  referenced_.put(id, *good);
  raise();
}

void ApiSource::erase(const KindRule& rule, const api::ObjectKey& key) {
  const api::ObjectId id{std::string(rule.kind), key};
  if (rule.only_referenced) return referenced_.told(id, {});  // it is read, and found to be gone
  if (rule.has_status) statuses_.erase(id);
  if (rule.kind == "Namespace") put_namespace(key, nullptr);
  undecodable_changes_ += undecodable_.erase(id);
  referenced_.erase(id);
  if (rule.kind == api::EndpointSlice::kKind) {
    look_for_outage();
    tell(readiness_.erase(key));
  }
  raise();
}

// --- Endpoints after an outage ----------------------------------------------------------------------------------------

// Before a change of a slice is believed: whether the API server has just come back.
void ApiSource::look_for_outage() {
  const auto returned = client_.contact().returned();
  if (!returned || client_.loop().now() >= *returned + static_cast<std::uint64_t>(outage_grace_.count())) return;
  if (std::exchange(outage_seen_, returned) == returned) return;
  if (!readiness_.is_open()) tasks_.spawn(&ApiSource::end_hold, this);
  readiness_.open();
  base::log_info("the API server is back: for {} s a Service keeps its last ready endpoints", outage_grace_.count() / 1000);
}

async::Task<void> ApiSource::end_hold(ApiSource* self) {
  async::Loop& loop = self->client_.loop();
  const auto end = [self] { return *self->outage_seen_ + static_cast<std::uint64_t>(self->outage_grace_.count()); };
  while (loop.now() < end()) {
    co_await async::wait_any(loop, end(), self->stop_.signal());
    if (self->stop_.requested() || loop.ended()) co_return;
  }
  if (self->readiness_.held() > 0) base::log_warn("{} Services have no ready endpoint since the API server is back", self->readiness_.held());
  self->tell(self->readiness_.close());
}

void ApiSource::tell(const ReadinessHold::Slices& slices) {
  for (const ReadinessHold::Slice& slice : slices) inbox_->put(slice);
  if (!slices.empty()) raise();
}

void ApiSource::put_namespace(const api::ObjectKey& key, const api::StringMap* labels) {
  if (!scope_.namespace_selector) return;
  const bool selected = labels && scope_.namespace_selector->matches(*labels);
  const bool changed = selected ? selected_.insert(key.name).second : selected_.erase(key.name) > 0;
  if (!changed) return;
  for (auto& [kind, followed] : followed_) {
    if (!followed->rule->namespaced) continue;
    for (auto& reflector : followed->reflectors) reflector->list_again();
  }
  referenced_.read_again(key.name);
}

bool ApiSource::in_scope(std::string_view namespace_) const {
  if (scope_.namespace_selector) return selected_.contains(namespace_);
  return scope_.namespaces.empty() || std::ranges::find(scope_.namespaces, namespace_) != scope_.namespaces.end();
}

// --- What others may know ---------------------------------------------------------------------------------------------

std::string ApiSource::waiting_for() const {
  if (!discovered_) return discovery_problem_.empty() ? "asking the API server what it serves" : discovery_problem_;
  for (const auto& [kind, followed] : followed_) {
    for (const auto& reflector : followed->reflectors) {
      if (reflector->synced()) continue;
      return fmt::format("listing {}{}{}", followed->type.text(), reflector->problem().empty() ? "" : ": ", reflector->problem());
    }
  }
  if (definitions_ && !definitions_->synced() && definitions_->problem().empty()) return "listing CustomResourceDefinitions";
  if (const auto* const id = referenced_.waiting()) return fmt::format("reading what {} refers to", api::to_text(*id));
  return {};
}

void ApiSource::look_at_sync() {
  if (scope_.namespace_selector && discovery_due_) discover_wanted_.raise(client_.loop());
  if (inbox_->synced() || discovery_due_ || !waiting_for().empty()) return;
  inbox_->mark_synced();
  raise();
}

void ApiSource::raise() { changed_.raise(client_.loop()); }

std::vector<std::string> ApiSource::problems() const {
  std::vector<std::string> problems;
  const auto add = [&problems](const std::string& problem) {
    if (!problem.empty()) problems.push_back(problem);
  };
  add(discovery_problem_);
  if (definitions_) add(definitions_->problem());
  for (const auto& [kind, followed] : followed_) {
    for (const auto& reflector : followed->reflectors) add(reflector->problem());
  }
  for (const auto& [id, found] : undecodable_) add(fmt::format("{} cannot be used: {}", api::to_text(id), found.why));
  for (const std::string& problem : referenced_.problems()) add(problem);
  return problems;
}

std::uint64_t ApiSource::watch_failures() const {
  std::uint64_t failures = 0;
  for (const auto& [kind, followed] : followed_) {
    for (const auto& reflector : followed->reflectors) failures += reflector->metrics().failures.value();
  }
  return failures;
}

}  // namespace cardea::cluster
