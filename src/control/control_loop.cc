// SPDX-License-Identifier: Apache-2.0
#include "control/control_loop.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

namespace cardea::control {
namespace {

class Stopwatch {
 public:
  explicit Stopwatch(base::Histogram& histogram) : histogram_(histogram) {}
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;
  ~Stopwatch() {
    using std::chrono::duration_cast, std::chrono::microseconds;
    const auto took = duration_cast<microseconds>(std::chrono::steady_clock::now() - start_);
    histogram_.record(static_cast<std::uint64_t>(took.count()));
  }

 private:
  base::Histogram& histogram_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

bool same(const plan::Ref<plan::Plan>& a, const plan::Ref<plan::Plan>& b) {
  return a == b || (a->gateway == b->gateway && a->generation == b->generation && plan::diff(*a, *b).empty());
}

// Both are sorted by Gateway.
std::vector<Outcome::GatewayChange> changes_between(const plan::PlanSet& before, const plan::PlanSet& after) {
  std::vector<Outcome::GatewayChange> changes;
  auto old = before.begin();
  auto now = after.begin();
  while (old != before.end() || now != after.end()) {
    if (now == after.end() || (old != before.end() && (*old)->gateway < (*now)->gateway)) {
      changes.push_back({.gateway = (*old++)->gateway, .added = false, .removed = true, .difference = {}});
    } else if (old == before.end() || (*now)->gateway < (*old)->gateway) {
      changes.push_back({.gateway = (*now++)->gateway, .added = true, .removed = false, .difference = {}});
    } else {
      plan::Difference difference = plan::diff(**old++, **now);
      if (!difference.empty()) {
        changes.push_back(
            {.gateway = (*now)->gateway, .added = false, .removed = false, .difference = std::move(difference)});
      }
      ++now;
    }
  }
  return changes;
}

// What an answer of a data plane may change is statuses alone; should a plan change too, it is published again, but not
// for ever.
constexpr int kMaxRounds = 3;

}  // namespace

ControlLoop::ControlLoop(translate::Options options, PlanSink& plans, StatusSink& statuses)
    : options_(std::move(options)), plan_sink_(plans), status_sink_(statuses) {}

Outcome ControlLoop::run() {
  Outcome outcome;
  if (!inbox_.synced()) return outcome;
  const auto begun = std::chrono::steady_clock::now();
  if (!inbox_.empty()) {
    outcome.changes = store_.apply(inbox_.take());
    metrics_.batches.add();
    metrics_.changes.add(outcome.changes);
    metrics_.objects.set(static_cast<std::int64_t>(store_.size()));
  }

  const bool first = !std::exchange(started_, true);
  bool needed = first || outcome.changes > 0;
  const Statuses before = current_.statuses;
  for (int round = 0; round < kMaxRounds; ++round) {
    translate::Observed observed = plan_sink_.observed();
    if (!needed && observed == observed_) break;
    observed_ = std::move(observed);
    translate_now();
    outcome.translated = true;
    needed = false;
    if (publish_if_changed(outcome)) {
      outcome.live_after =
          std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begun);
    }
  }
  if (outcome.translated) report(outcome, before);
  return outcome;
}

void ControlLoop::translate_now() {
  const Stopwatch stopwatch(metrics_.translate_microseconds);
  metrics_.translations.add();
  current_ = translate::translate(store_.snapshot(), observed_, options_, &current_);
}

bool ControlLoop::publish_if_changed(Outcome& outcome) {
  const bool first = !std::exchange(published_once_, true);  // also when it is empty: somebody waits for it
  const auto equal = [](const auto& a, const auto& b) { return same(a, b); };
  if (!first && std::ranges::equal(published_, current_.plans, equal)) return false;
  auto changes = changes_between(published_, current_.plans);
  std::ranges::move(changes, std::back_inserter(outcome.gateways));
  outcome.published = true;
  published_ = current_.plans;
  const Stopwatch stopwatch(metrics_.publish_microseconds);
  metrics_.publications.add();
  plan_sink_.publish(published_);
  return true;
}

void ControlLoop::report(Outcome& outcome, const Statuses& before) {
  std::set<std::string> notes(current_.notes.begin(), current_.notes.end());
  std::ranges::set_difference(notes, notes_, std::back_inserter(outcome.notes));
  notes_ = std::move(notes);

  // Sorted by object; a status that did not change is the same pointer, or at least equal.
  auto old = before.begin();
  for (const auto& status : current_.statuses) {
    while (old != before.end() && (*old)->object < status->object) ++old;
    const bool known = old != before.end() && (*old)->object == status->object && (*old == status || **old == *status);
    if (!known) outcome.statuses.push_back(status);
  }
  const bool first = !std::exchange(reported_once_, true);  // what an earlier process left behind may have to go
  if (!first && outcome.statuses.empty() && before.size() == current_.statuses.size()) return;
  metrics_.status_writes.add(outcome.statuses.size());
  status_sink_.write(current_.statuses);
}

}  // namespace cardea::control
