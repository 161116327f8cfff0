// SPDX-License-Identifier: Apache-2.0
#include "proxy/endpoint_names.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "base/log.h"

namespace cardea::proxy {
namespace {

constexpr std::size_t kMaxUnderWay = 16;
constexpr std::chrono::milliseconds kFirstRetry{1'000};
constexpr std::chrono::milliseconds kMostRetry{30'000};

std::uint64_t count(std::chrono::milliseconds duration) { return static_cast<std::uint64_t>(duration.count()); }

}  // namespace

EndpointNames::EndpointNames(async::Loop& loop, LookUp look_up, const Settings& settings, std::function<void()> changed)
    : loop_(loop), look_up_(std::move(look_up)), limits_(settings.names), local_(settings.local_names), changed_(std::move(changed)), tasks_(loop) {}

void EndpointNames::follow(const std::vector<std::string>& names) {
  const std::size_t some = std::min<std::size_t>(names.size(), limits_.max_names);
  left_out_ = names.size() - some;
  const auto end = names.begin() + static_cast<std::ptrdiff_t>(some);
  std::erase_if(entries_, [&](const auto& item) { return !std::binary_search(names.begin(), end, item.first); });
  for (auto name = names.begin(); name != end; ++name) {
    const bool is_new = entries_.try_emplace(*name, Entry{.addresses = {}, .retry = {kFirstRetry, kMostRetry}, .problem = {}}).second;
    if (is_new) work_.raise(loop_);
  }
}

std::vector<base::IpAddress> EndpointNames::addresses_of(std::string_view name) const {
  const auto found = entries_.find(name);
  return found == entries_.end() ? std::vector<base::IpAddress>() : found->second.addresses;
}

std::vector<std::string> EndpointNames::problems() const {
  std::vector<std::string> problems;
  for (const auto& [name, entry] : entries_) {
    if (!entry.problem.empty()) problems.push_back(entry.problem);
  }
  if (left_out_ > 0) problems.push_back(fmt::format("endpoints have {} names more than --max-endpoint-names: they are not looked up", left_out_));
  return problems;
}

async::Task<void> EndpointNames::run(async::StopToken stop) {
  while (!stop.requested() && !loop_.ended()) {
    start_due();
    if (std::exchange(has_changed_, false)) changed_();
    co_await async::wait_any(loop_, next_due(), work_, stop.signal());
  }
  co_await tasks_.close();
}

void EndpointNames::start_due() {
  for (auto& [name, entry] : entries_) {
    if (entry.under_way || entry.due > loop_.now() || under_way_ == kMaxUnderWay) continue;
    entry.under_way = true;
    ++under_way_;
    tasks_.spawn(&EndpointNames::look, this, name);
  }
}

// Of those that wait for one under way to end, nothing is said: that wakes run(). A look may have ended within start_due(),
// before anybody waited; whoever is due by now has its turn after the others of this thread.
async::Deadline EndpointNames::next_due() const {
  async::Deadline next = async::kNever;
  for (const auto& [name, entry] : entries_) {
    const bool waits = entry.due <= loop_.now() && under_way_ == kMaxUnderWay;
    if (!entry.under_way && !waits) next = std::min(next, std::max(entry.due, loop_.after(1)));
  }
  return next;
}

async::Task<void> EndpointNames::look(EndpointNames* self, std::string name) {
  auto found = co_await self->look_up_(name);
  --self->under_way_;
  self->work_.raise(self->loop_);
  // It may be one that nobody wants any more, or wants anew.
  const auto entry = self->entries_.find(name);
  if (entry != self->entries_.end()) self->take(entry->second, std::move(found));
}

void EndpointNames::take(Entry& entry, base::Result<net::Resolved> found) {
  entry.under_way = false;
  if (found && !local_) {
    std::erase_if(found->addresses, [](const base::IpAddress& address) { return !base::is_routable(address); });
    if (found->addresses.empty()) found = base::fail("it leads to no address but those of a machine or a link, which are not used");
  }
  if (!found) {
    entry.due = loop_.after(count(entry.retry.next()));
    if (entry.problem != found.error().message) base::log_warn("a name of endpoints: {}; its last addresses stay", found.error().message);
    entry.problem = std::move(found.error().message);
    return;
  }
  entry.problem.clear();
  entry.retry.reset();
  entry.due = loop_.after(count(std::clamp(std::chrono::milliseconds(found->ttl), limits_.min_ttl, std::max(limits_.min_ttl, limits_.max_ttl))));
  if (found->addresses.size() > limits_.max_addresses) found->addresses.resize(limits_.max_addresses);
  if (std::exchange(entry.addresses, found->addresses) != found->addresses) has_changed_ = true;
}

}  // namespace cardea::proxy
