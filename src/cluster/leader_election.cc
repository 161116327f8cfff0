// SPDX-License-Identifier: Apache-2.0
#include "cluster/leader_election.h"

#include <fmt/core.h>

#include <chrono>
#include <optional>
#include <utility>

#include "base/log.h"

namespace cardea::cluster {
namespace {

using base::Value;

std::uint64_t count(std::chrono::milliseconds duration) { return static_cast<std::uint64_t>(duration.count()); }

// metav1.MicroTime
std::string micro_time(base::WallTime time) {
  const std::string seconds = base::format_rfc3339(time);  // "...:59Z"
  const auto micros = time.time_since_epoch().count() % 1'000'000;
  return fmt::format("{}.{:06}Z", seconds.substr(0, seconds.size() - 1), micros);
}

Value& member(Value& object, std::string_view name) {
  if (object.is_object()) {
    for (base::Member& each : object.as_object()) {
      if (each.name == name) return each.value;
    }
  }
  return object.add(std::string(name), Value());
}

}  // namespace

LeaderElection::LeaderElection(kube::Client& client, LeaderSettings settings, base::WallTime (*now)(),
                               std::function<void(bool)> changed)
    : client_(client), settings_(std::move(settings)), now_(now), changed_(std::move(changed)) {}

async::Task<void> LeaderElection::run(async::StopToken stop) {
  async::Loop& loop = client_.loop();
  while (!stop.requested() && !loop.ended()) {
    const async::Deadline asked = loop.now();
    if (co_await try_to_hold()) {
      renewed_ = asked;
      set_leading(true);
    } else if (leading_ && (holder_ != settings_.identity || loop.now() - renewed_ >= count(settings_.renew_within))) {
      set_leading(false);
    }
    co_await async::wait_any(loop, loop.after(count(settings_.retry)), stop.signal());
  }
  if (leading_) co_await release();
}

async::Task<bool> LeaderElection::try_to_hold() {
  async::Loop& loop = client_.loop();
  const kube::ObjectPath path{kube::resource::kLeases, settings_.namespace_, settings_.lease, {}};
  auto live = co_await client_.get(path);
  if (!live) {
    if (live.error().not_found()) co_return co_await create();
    problem_ = live.error().message;
    co_return false;
  }
  note(*live);
  const bool free = holder_.empty() || holder_ == settings_.identity;
  const bool expired = loop.now() - seen_ >= count(settings_.duration);
  if (!free && !expired) {
    problem_.clear();
    co_return false;
  }
  const auto written = co_await client_.replace(path, lease_with(*std::move(live), settings_.identity));
  if (!written) {
    // A conflict: another was faster.
    problem_ = written.error().conflict() ? "" : written.error().message;
    co_return false;
  }
  problem_.clear();
  note(*written);
  co_return true;
}

async::Task<bool> LeaderElection::create() {
  Value lease = Value::Object{};
  lease.add("apiVersion", "coordination.k8s.io/v1");
  lease.add("kind", "Lease");
  Value& metadata = lease.add("metadata", Value::Object{});
  metadata.add("name", settings_.lease);
  metadata.add("namespace", settings_.namespace_);
  const auto made = co_await client_.create(kube::resource::kLeases, settings_.namespace_,
                                            lease_with(std::move(lease), settings_.identity));
  if (!made) {
    problem_ = made.error().already_exists() ? "" : made.error().message;
    co_return false;
  }
  problem_.clear();
  note(*made);
  co_return true;
}

Value LeaderElection::lease_with(Value lease, std::string_view holder) const {
  Value& spec = member(lease, "spec");
  if (!spec.is_object()) spec = Value::Object{};
  const bool ours = kube::text_at(spec, {"holderIdentity"}) == holder;
  const std::string now = micro_time(now_());
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(settings_.duration).count();
  member(spec, "holderIdentity") = std::string(holder);
  member(spec, "leaseDurationSeconds") = holder.empty() ? std::int64_t{1} : std::int64_t{seconds};
  member(spec, "renewTime") = now;
  if (!ours) {
    member(spec, "acquireTime") = now;
    Value& transitions = member(spec, "leaseTransitions");
    transitions = transitions.is_int() ? transitions.as_int() + 1 : std::int64_t{0};
  }
  return lease;
}

void LeaderElection::note(const Value& lease) {
  const Value* const spec = lease.find("spec");
  const Value* const before = lease_.find("spec");
  const bool same = spec && before && *spec == *before;
  if (!same) seen_ = client_.loop().now();
  const std::string_view holder = kube::text_at(lease, {"spec", "holderIdentity"});
  if (holder != holder_ && !holder.empty() && holder != settings_.identity) base::log_info("{} leads", holder);
  holder_ = holder;
  lease_ = lease;
}

void LeaderElection::set_leading(bool leading) {
  if (std::exchange(leading_, leading) == leading) return;
  base::log_info("{}", leading ? "this replica leads: it writes statuses and makes proxies"
                               : "this replica does not lead any more");
  if (leading) gains_.add();
  changed_(leading);
}

async::Task<void> LeaderElection::release() {
  set_leading(false);
  const auto given_back = co_await client_.replace({kube::resource::kLeases, settings_.namespace_, settings_.lease, {}},
                                                   lease_with(lease_, ""));
  if (!given_back) base::log_warn("the lease could not be given back: {}", given_back.error().message);
}

}  // namespace cardea::cluster
