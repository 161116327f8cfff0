// SPDX-License-Identifier: Apache-2.0
#include "cluster/referenced.h"

#include <fmt/core.h>

#include <iterator>
#include <optional>
#include <utility>
#include <variant>

#include "api/decode.h"
#include "base/backoff.h"
#include "cluster/kinds.h"

namespace cardea::cluster {
namespace {

constexpr base::Backoff::Duration kFirstReadWait{500};
constexpr base::Backoff::Duration kMostReadWait{30'000};

}  // namespace

Referenced::Referenced(kube::Client& client, std::string controller_name, ReferencedEvents events)
    : client_(client), events_(std::move(events)), tasks_(client.loop()), referrers_(std::move(controller_name)) {}

async::Task<void> Referenced::stop() {
  stop_.request(client_.loop());
  co_await tasks_.close();
}

// --- What refers to them ----------------------------------------------------------------------------------------------

void Referenced::put(const api::ObjectId& id, api::Object object) {
  std::set<api::ObjectId> needs = refer(id, referrers_.put(object));
  if (needs.empty()) {
    waiting_.erase(id);
    show(id, std::move(object));
  } else {
    waiting_.insert_or_assign(id, Waiting{std::move(object), std::move(needs)});
  }
}

void Referenced::erase(const api::ObjectId& id) {
  waiting_.erase(id);
  refer(id, referrers_.erase(id));
  inbox_->erase(id);
  apply(references_.let_go(id));
}

void Referenced::show(const api::ObjectId& id, api::Object object) {
  inbox_->put(std::move(object));
  apply(references_.let_go(id));
}

std::set<api::ObjectId> Referenced::refer(const api::ObjectId& cause, const std::vector<api::ObjectId>& referrers) {
  std::set<api::ObjectId> unknown;
  for (const api::ObjectId& id : referrers) {
    std::set<api::ObjectId> now = referrers_.references_of(id);
    for (const api::ObjectId& each : references_.of(id)) {
      if (!now.contains(each) && is_known(each)) references_.keep(cause, each);
    }
    apply(references_.set(id, std::move(now)));
    for (const api::ObjectId& each : references_.of(id)) {
      if (!is_known(each)) unknown.insert(each);
    }
  }
  return unknown;
}

// --- Secrets and ConfigMaps -------------------------------------------------------------------------------------------

void Referenced::apply(const References::Change& change) {
  for (const api::ObjectId& id : change.wanted) load(id);
  for (const api::ObjectId& id : change.unwanted) {
    const auto found = loads_.find(id);
    if (found != loads_.end() && !found->second.reading) loads_.erase(found);  // else when it has been read
    else if (found != loads_.end() && found->second.problem.empty()) found->second.known = false;
    inbox_->erase(id);
  }
}

void Referenced::told(const api::ObjectId& id, std::string_view version) {
  if (references_.wants(id)) load(id, version);
}

void Referenced::read_again(std::string_view namespace_) {
  std::vector<api::ObjectId> affected;  // a load may end at once
  for (const auto& [id, load] : loads_) {
    if (id.key.namespace_ == namespace_) affected.push_back(id);
  }
  for (const api::ObjectId& id : affected) load(id);
}

bool Referenced::is_known(const api::ObjectId& id) const {
  const auto found = loads_.find(id);
  return found != loads_.end() && found->second.known;
}

void Referenced::load(const api::ObjectId& id, std::string_view version) {
  Load& load = loads_[id];
  load.told_version = version;
  if (load.known && !version.empty() && load.read_version == version) return;
  if (load.reading) {
    load.again = true;
    return;
  }
  load.reading = true;
  tasks_.spawn(&Referenced::read, this, id);
}

async::Task<void> Referenced::read(Referenced* self, api::ObjectId id) {
  async::Loop& loop = self->client_.loop();
  const KindRule& rule = *find_kind(id.kind);
  base::Backoff backoff(kFirstReadWait, kMostReadWait);
  for (bool more = true; more;) {
    self->loads_[id].again = false;
    std::optional<kube::Answer<>> answer;  // nothing: out of scope, as if it were not there
    if (self->events_.in_scope(id.key.namespace_)) {
      self->reads_.add();
      answer = co_await self->client_.get({first_type(rule), id.key.namespace_, id.key.name, {}});
    }
    if (self->stop_.requested()) co_return;
    Load& load = self->loads_[id];
    load.read_version = answer && *answer ? kube::text_at(**answer, {"metadata", "resourceVersion"}) : std::string_view();
    more = load.again && (load.told_version.empty() || load.told_version != load.read_version);
    const bool wanted = self->references_.wants(id);
    const bool failed = answer && !*answer && !answer->error().not_found();
    load.problem = failed ? answer->error().message : "";
    if (wanted && answer && *answer) {
      const auto decoded = api::decode(**answer, api::DecodeMode::Lenient);
      const auto* const good = decoded.empty() ? nullptr : std::get_if<api::Object>(&decoded.front().outcome);
      if (good) self->inbox_->put(*good);
      else load.problem = fmt::format("{} cannot be used", api::to_text(id));
    } else if (!failed) {
      self->inbox_->erase(id);
    }
    // What waits for it goes on without it when it cannot be read.
    load.known = true;
    self->loaded(id);
    if (failed && wanted) {
      co_await async::wait_any(loop, loop.after(static_cast<std::uint64_t>(backoff.next().count())), self->stop_.signal());
      if (self->stop_.requested() || loop.ended()) co_return;
      more = true;
    }
  }
  self->loads_[id].reading = false;
  if (!self->references_.wants(id)) self->loads_.erase(id);
}

void Referenced::loaded(const api::ObjectId& id) {
  for (auto at = waiting_.begin(); at != waiting_.end();) {
    const bool ready = at->second.needs.erase(id) > 0 && at->second.needs.empty();
    if (ready) show(at->first, std::move(at->second.object));
    at = ready ? waiting_.erase(at) : std::next(at);
  }
  events_.loaded();
}

std::vector<std::string> Referenced::problems() const {
  std::vector<std::string> problems;
  for (const auto& [id, load] : loads_) {
    if (!load.problem.empty()) problems.push_back(load.problem);
  }
  return problems;
}

}  // namespace cardea::cluster
