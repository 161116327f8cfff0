// SPDX-License-Identifier: Apache-2.0
#include "cluster/status_writer.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/json.h"
#include "base/log.h"
#include "cluster/object_names.h"
#include "cluster/status_merge.h"
#include "translate/status/vocabulary.h"

namespace cardea::cluster {
namespace {

constexpr int kMaxConflicts = 5;  // in a row, before others get their turn

std::uint64_t count(std::chrono::milliseconds duration) { return static_cast<std::uint64_t>(duration.count()); }

bool is_pending(const api::Conditions& conditions) {
  const api::Condition* const programmed = api::find_condition(conditions, translate::condition::kProgrammed);
  return programmed && programmed->reason == translate::reason::kPending;
}

bool says_programmed(const base::Value& status) {
  const base::Value* const conditions = status.find("conditions");
  if (!conditions || !conditions->is_array()) return false;
  return std::ranges::any_of(conditions->as_array(), [](const base::Value& condition) {
    const base::Value* const type = condition.find("type");
    const base::Value* const is = condition.find("status");
    return type && is && *type == base::Value(translate::condition::kProgrammed) && *is == base::Value("True");
  });
}

// As the CRDs' defaults have it: nobody has looked at the object yet.
bool says_nothing(const base::Value& status) {
  if (!status.is_object()) return true;
  return std::ranges::all_of(status.as_object(), [](const base::Member& member) {
    if (member.name != "conditions" || !member.value.is_array()) return false;
    return std::ranges::all_of(member.value.as_array(), [](const base::Value& condition) {
      return kube::text_at(condition, {"status"}) == "Unknown";
    });
  });
}

// Waits for proxies to acknowledge it.
bool is_pending(const translate::AnyStatus& status) {
  if (const auto* const gateway = std::get_if<api::GatewayStatus>(&status)) return is_pending(gateway->conditions);
  if (const auto* const set = std::get_if<api::ListenerSetStatus>(&status)) return is_pending(set->conditions);
  return false;
}

// The list of entries that name their controller, of kinds that have one.
std::string_view entries_of(std::string_view kind) {
  if (kind.ends_with("Route")) return "parents";
  return kind == "BackendTLSPolicy" ? "ancestors" : "";
}

base::Hash128 hash_of(const base::Value& status) { return base::hash128(base::to_json(status)); }

}  // namespace

StatusWriter::StatusWriter(kube::Client& client, LiveStatuses& live, TypeOf type_of, std::string controller_name,
                           base::WallTime (*now)(), Settings settings)
    : client_(client),
      live_(live),
      type_of_(std::move(type_of)),
      controller_name_(std::move(controller_name)),
      field_manager_(label_value(controller_name_)),
      now_(now),
      settings_(settings),
      proxies_expected_(client.loop().after(count(settings.first_hold))),
      tasks_(client.loop()) {
  live_.changed = [this](const api::ObjectId& id) { live_changed(id); };
}

async::Task<void> StatusWriter::run() {
  async::Loop& loop = client_.loop();
  while (!stopping_ && !loop.ended()) {
    while (!order_.empty() && order_.begin()->first.not_before <= loop.now() && under_way_ < settings_.at_once) {
      const api::ObjectId id = order_.begin()->second;
      order_.erase(order_.begin());
      waiting_.erase(id);
      history(id).writing = true;
      ++under_way_;
      tasks_.spawn(&StatusWriter::write_one, this, id);
    }
    metrics_.waiting.set(static_cast<std::int64_t>(waiting_.size() + under_way_));
    const bool room = under_way_ < settings_.at_once;
    const async::Deadline next = room && !order_.empty() ? order_.begin()->first.not_before : async::kNever;
    co_await async::wait_any(loop, next, work_);
  }
  co_await tasks_.close();
}

void StatusWriter::stop() {
  stopping_ = true;
  set_leading(false);
  work_.raise(client_.loop());
}

// --- What is wanted ---------------------------------------------------------------------------------------------------

void StatusWriter::write(const control::Statuses& statuses) {
  const control::Statuses before = std::exchange(wanted_, statuses);
  // Both are sorted by object; a status that did not change is the same pointer.
  auto old = before.begin();
  for (const auto& status : wanted_) {
    for (; old != before.end() && (*old)->object < status->object; ++old) note_change((*old)->object, nullptr);
    const bool known = old != before.end() && (*old)->object == status->object;
    if (!known || (*old != status && !(**old == *status))) note_change(status->object, status.get());
    if (known) ++old;
  }
  for (; old != before.end(); ++old) note_change((*old)->object, nullptr);
  if (!std::exchange(complete_, true)) consider_all();
}

async::Deadline StatusWriter::hold_of(const api::ObjectId& id) const {
  const async::Deadline usual = client_.loop().after(count(settings_.hold));
  const LiveStatus* const live = live_.find(id);
  return live && says_programmed(live->status) ? std::max(usual, proxies_expected_) : usual;
}

void StatusWriter::note_change(const api::ObjectId& id, const translate::ObjectStatus* status) {
  if (status && is_pending(status->status)) held_.try_emplace(id, hold_of(id));
  else held_.erase(id);
  if (const auto known = histories_.find(id); known != histories_.end()) {
    known->second.wrote = false;
    known->second.backoff.reset();
  }
  // A place in the queue that was given for the status before may be a later one.
  if (const auto place = waiting_.find(id); place != waiting_.end()) {
    order_.erase(place->second);
    waiting_.erase(place);
  }
  if (complete_) consider(id);
}

void StatusWriter::set_leading(bool leading) {
  if (std::exchange(leading_, leading) == leading) return;
  waiting_.clear();
  order_.clear();
  if (leading) consider_all();
}

void StatusWriter::consider_all() {
  for (const auto& [id, live] : live_.all()) consider(id);
}

void StatusWriter::consider(const api::ObjectId& id) {
  if (!leading_ || !complete_) return;
  const LiveStatus* const live = live_.find(id);
  if (!live) return;
  if (!missing_on(id, *live)) return;
  const auto held = held_.find(id);
  enqueue(id, held == held_.end() ? 0 : held->second);
}

void StatusWriter::live_changed(const api::ObjectId& id) {
  const LiveStatus* const live = live_.find(id);
  if (!live) {
    histories_.erase(id);
    return;
  }
  const auto known = histories_.find(id);
  if (known == histories_.end() || !known->second.wrote) return consider(id);
  if (known->second.writing || !leading_ || !missing_on(id, *live)) return;
  // It stood there. Once may be chance; who does it again and again must not draw us into a fight.
  metrics_.undone.add();
  enqueue(id, client_.loop().after(count(known->second.backoff.next())));
}

void StatusWriter::enqueue(const api::ObjectId& id, async::Deadline not_before) {
  if (history(id).writing) return;  // is looked at again afterwards
  const auto [at, is_new] = waiting_.try_emplace(id);
  if (!is_new) {
    if (at->second.not_before <= not_before) return;
    order_.erase(at->second);
  }
  at->second = {not_before, next_number_++};
  order_.emplace(at->second, id);
  work_.raise(client_.loop());
}

StatusWriter::History& StatusWriter::history(const api::ObjectId& id) {
  const auto found = histories_.find(id);
  if (found != histories_.end()) return found->second;
  return histories_.emplace(id, History{.backoff = base::Backoff(settings_.first_retry, settings_.most_retry), .problem = {}})
      .first->second;
}

const translate::ObjectStatus* StatusWriter::find_wanted(const api::ObjectId& id) const {
  const auto at = std::ranges::lower_bound(wanted_, id, {}, [](const auto& status) -> const api::ObjectId& { return status->object; });
  return at != wanted_.end() && (*at)->object == id ? at->get() : nullptr;
}

std::optional<base::Value> StatusWriter::missing_on(const api::ObjectId& id, const LiveStatus& live) const {
  const translate::ObjectStatus* const wanted = find_wanted(id);
  const std::string_view entries = entries_of(id.kind);
  base::Value ours = base::Value::Object{};
  if (wanted) {
    ours = translate::to_value(wanted->status);
    if (observed_generation(id.kind, live.status, controller_name_) > wanted->generation) return std::nullopt;
  } else if (entries.empty()) {
    return emptied(live);
  } else {
    ours.add(std::string(entries), base::Value::Array{});
  }
  const base::Value* const list = entries.empty() ? nullptr : ours.find(entries);
  if (list && list->as_array().empty() && !has_entries_of(live.status, controller_name_)) return std::nullopt;
  base::Value merged = merge_status(id.kind, live.status, ours, {controller_name_, base::format_rfc3339(now_())});
  const base::Value stands = in_order(live.status);
  if (merged == stands) return std::nullopt;
  const auto known = histories_.find(id);
  if (known != histories_.end() && known->second.wrote && known->second.stored == hash_of(stands)) return std::nullopt;
  return merged;
}

std::optional<base::Value> StatusWriter::emptied(const LiveStatus& live) const {
  if (live.last_writer != field_manager_ || says_nothing(live.status)) return std::nullopt;
  return base::Value::Object{};  // the API server fills in what says that nobody has looked at it yet
}

// --- Writing ----------------------------------------------------------------------------------------------------------

async::Task<void> StatusWriter::write_one(StatusWriter* self, api::ObjectId id) {
  const auto again = co_await self->bring(id);
  --self->under_way_;
  if (const auto known = self->histories_.find(id); known != self->histories_.end()) known->second.writing = false;
  if (again && self->leading_) {
    self->enqueue(id, self->client_.loop().after(count(*again)));
  } else {
    // What is wanted may have changed meanwhile; or somebody undid it before we heard that it stood there.
    self->live_changed(id);
  }
  self->work_.raise(self->client_.loop());
}

async::Task<std::optional<std::chrono::milliseconds>> StatusWriter::bring(const api::ObjectId& id) {
  const auto retry = [this, &id](const kube::ApiError& error) -> std::optional<std::chrono::milliseconds> {
    if (error.ended()) return std::nullopt;
    History& past = history(id);
    if (error.not_found()) return past.backoff.next();  // the watch will tell that it is gone
    metrics_.failures.add();
    if (past.problem != error.message) base::log_warn("the status of {} cannot be written: {}", api::to_text(id), error.message);
    past.problem = error.message;
    return error.invalid() || error.forbidden() ? settings_.most_retry : std::max(past.backoff.next(), error.retry_after);
  };
  for (int conflicts = 0; leading_; ++conflicts) {
    const LiveStatus* const live = live_.find(id);
    const auto type = type_of_(id.kind);
    if (!live || !type) co_return std::nullopt;
    auto status = missing_on(id, *live);
    if (!status) {
      history(id).wrote = true;
      co_return std::nullopt;
    }
    const translate::ObjectStatus* const wanted = find_wanted(id);
    const std::string uid = live->uid;
    base::Value content = content_for(id, *type, *live, *std::move(status));
    const auto answer =
        co_await client_.replace({*type, id.key.namespace_, id.key.name, "status"}, std::move(content), field_manager_);
    if (answer) {
      metrics_.writes.add();
      History& past = history(id);
      past.problem.clear();
      past.wrote = find_wanted(id) == wanted;
      if (const base::Value* const stored = answer->find("status")) past.stored = hash_of(in_order(*stored));
      take_over(id, uid, *answer);
      co_return std::nullopt;
    }
    if (!answer.error().conflict()) co_return retry(answer.error());
    metrics_.conflicts.add();
    if (conflicts == kMaxConflicts) co_return history(id).backoff.next();
    const auto fresh = co_await client_.get({*type, id.key.namespace_, id.key.name, {}});
    if (!fresh) co_return retry(fresh.error());
    take_over(id, uid, *fresh);
  }
  co_return std::nullopt;
}

// An answer may come after the watch has told that the object is gone: it must not bring it back.
void StatusWriter::take_over(const api::ObjectId& id, const std::string& uid, const base::Value& object) {
  const LiveStatus* const live = live_.find(id);
  if (live && live->uid == uid) live_.put(id, object);
}

base::Value StatusWriter::content_for(const api::ObjectId& id, const kube::ResourceType& type, const LiveStatus& live,
                                      base::Value status) const {
  base::Value content = base::Value::Object{};
  content.add("apiVersion", type.api_version());
  content.add("kind", id.kind);
  base::Value& metadata = content.add("metadata", base::Value::Object{});
  metadata.add("name", id.key.name);
  if (!id.key.namespace_.empty()) metadata.add("namespace", id.key.namespace_);
  metadata.add("resourceVersion", live.resource_version);
  metadata.add("uid", live.uid);
  content.add("status", std::move(status));
  return content;
}

std::vector<std::string> StatusWriter::problems() const {
  std::vector<std::string> problems;
  for (const auto& [id, past] : histories_) {
    if (!past.problem.empty()) problems.push_back(fmt::format("the status of {} cannot be written: {}", api::to_text(id), past.problem));
  }
  return problems;
}

}  // namespace cardea::cluster
