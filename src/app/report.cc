// SPDX-License-Identifier: Apache-2.0
#include "app/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <variant>

#include "base/ip.h"
#include "base/log.h"
#include "base/strings.h"

namespace cardea::app {
namespace {

constexpr std::size_t kMaxHosts = 5;
constexpr std::size_t kMaxLines = 20;  // of one kind at once; the rest is on the admin page

std::string count(std::size_t n, std::string_view noun) { return fmt::format("{} {}{}", n, noun, n == 1 ? "" : "s"); }

std::string text(const plan::ObjectName& name) { return fmt::format("{}/{}", name.namespace_, name.name); }

std::string_view text(plan::Protocol protocol) {
  switch (protocol) {
    case plan::Protocol::HTTP: return "HTTP";
    case plan::Protocol::HTTPS: return "HTTPS";
    case plan::Protocol::TLS: return "TLS";
    case plan::Protocol::TCP: return "TCP";
    case plan::Protocol::UDP: return "UDP";
  }
  return "?";
}

std::string places(const plan::Listener& listener, const translate::Observed& observed,
                   const std::vector<std::string>& bind_addresses) {
  if (listener.addresses.empty() && bind_addresses.empty()) return "its proxies";  // in a cluster: every address of theirs
  std::vector<std::string> bound;
  for (const std::string& address : listener.addresses.empty() ? bind_addresses : listener.addresses) {
    const bool failed = std::ranges::any_of(observed.bind_failures, [&](const auto& failure) {
      return failure.address == address && failure.port == listener.bind_port;
    });
    const auto ip = base::parse_ip(address);
    if (!failed && ip) bound.push_back(base::to_string(base::IpPort{*ip, listener.bind_port}));
  }
  return bound.empty() ? "nowhere (nothing could be bound)" : base::join(bound, ", ");
}

std::string hosts_and_routes(const plan::Listener& listener) {
  std::vector<std::string> hosts;
  std::set<std::pair<plan::RouteKind, plan::ObjectName>> routes;
  for (const auto& host : listener.virtual_hosts) {
    if (hosts.size() < kMaxHosts) hosts.push_back(host->hostname.empty() ? "*" : host->hostname);
    for (const auto& match : host->matches) routes.emplace(match.rule->kind, match.rule->route);
  }
  if (routes.empty()) return "no routes";
  if (listener.virtual_hosts.size() > kMaxHosts) {
    hosts.push_back(fmt::format("{} more", listener.virtual_hosts.size() - kMaxHosts));
  }
  return fmt::format("{} for {}", count(routes.size(), "route"), base::join(hosts, ", "));
}

// Conditions that say bad news by being true (facts of the API; all others say it by not being true).
bool is_negative(std::string_view type) {
  constexpr std::array<std::string_view, 5> kNegative{"Conflicted", "OverlappingTLSConfig", "PartiallyInvalid",
                                                      "InsecureFrontendValidationMode", "gateway.cardea.dev/RefusedByProxies"};
  return std::ranges::find(kNegative, type) != kNegative.end();
}

class Complaints {
 public:
  explicit Complaints(const api::ObjectId& id) : object_(api::to_text(id)) {}

  void operator()(const api::GatewayClassStatus& status) { check("", status.conditions); }
  void operator()(const api::GatewayStatus& status) { with_listeners(status); }
  void operator()(const api::ListenerSetStatus& status) { with_listeners(status); }
  void operator()(const api::RouteStatus& status) {
    for (const auto& parent : status.parents) check(entry("parent", parent.parent_ref), parent.conditions);
  }
  void operator()(const api::PolicyStatus& status) {
    for (const auto& ancestor : status.ancestors) check(entry("ancestor", ancestor.ancestor_ref), ancestor.conditions);
  }
  std::vector<std::string> take() { return std::move(lines_); }

 private:
  template <class Status>
  void with_listeners(const Status& status) {
    check("", status.conditions);
    for (const auto& listener : status.listeners) {
      check(fmt::format(" (listener {})", listener.name), listener.conditions);
    }
  }
  static std::string entry(std::string_view what, const api::ParentReference& ref) {
    return fmt::format(" ({} {}{}{})", what, ref.name, ref.section_name.empty() ? "" : "/", ref.section_name);
  }
  void check(const std::string& where, const api::Conditions& conditions) {
    for (const api::Condition& condition : conditions) {
      if ((condition.status == api::ConditionStatus::True) != is_negative(condition.type)) continue;
      lines_.push_back(fmt::format("{}{}: {} is {}, {}: {}", object_, where, condition.type,
                                   api::text_of(condition.status), condition.reason, condition.message));
    }
  }

  std::string object_;
  std::vector<std::string> lines_;
};

// `text` unless there were too many already.
class Bounded {
 public:
  explicit Bounded(base::LogLevel level) : level_(level) {}
  Bounded(const Bounded&) = delete;
  Bounded& operator=(const Bounded&) = delete;
  ~Bounded() {
    if (said_ > kMaxLines) say(fmt::format("and {} more; the admin address has all, at /status", said_ - kMaxLines));
  }
  void operator()(const std::string& line) {
    if (++said_ <= kMaxLines) say(line);
  }

 private:
  void say(const std::string& line) {
    if (base::log_enabled(level_)) base::write_log(level_, line);
  }
  base::LogLevel level_;
  std::size_t said_ = 0;
};

}  // namespace

std::vector<std::string> describe_listeners(const plan::Plan& plan, const translate::Observed& observed,
                                            const std::vector<std::string>& bind_addresses) {
  std::vector<std::string> lines;
  for (const auto& listener : plan.routing->listeners) {
    const std::string set = listener->from_listener_set ? fmt::format(" of ListenerSet {}", text(listener->owner)) : "";
    lines.push_back(fmt::format("Gateway {}, listener {}{}: {} port {} at {}; {}", text(plan.gateway), listener->name, set,
                                text(listener->protocol), listener->port, places(*listener, observed, bind_addresses),
                                hosts_and_routes(*listener)));
  }
  return lines;
}

std::vector<std::string> complaints(const translate::ObjectStatus& status) {
  Complaints complaints(status.object);
  std::visit(complaints, status.status);
  return complaints.take();
}

std::string describe_change(const control::Outcome::GatewayChange& change) {
  if (change.added) return fmt::format("Gateway {}: new", text(change.gateway));
  if (change.removed) return fmt::format("Gateway {}: gone", text(change.gateway));
  const plan::Difference& difference = change.difference;
  std::vector<std::string> parts;
  const auto add = [&parts](std::size_t n, std::string_view noun, std::string_view what) {
    if (n > 0) parts.push_back(fmt::format("{} {}", count(n, noun), what));
  };
  add(difference.listeners_added.size(), "listener", "added");
  add(difference.listeners_changed.size(), "listener", "changed");
  add(difference.listeners_removed.size(), "listener", "removed");
  if (difference.routing && parts.empty()) parts.push_back("backends changed");
  add(difference.backends.size(), "backend", "with other endpoints");
  add(difference.certificates.size(), "certificate", "changed");
  return fmt::format("Gateway {}: {}", text(change.gateway), base::join(parts, ", "));
}

void Report::after(const control::Outcome& outcome, const control::ControlLoop& control) {
  notes(outcome.notes);
  Bounded say(base::LogLevel::Info);
  for (const auto& change : outcome.gateways) say(describe_change(change));
  std::map<plan::ObjectName, std::vector<std::string>> listeners;
  for (const auto& plan : control.current().plans) {
    auto lines = describe_listeners(*plan, control.observed(), bind_addresses_);
    const auto& before = listeners_[plan->gateway];
    for (const std::string& line : lines) {
      if (std::ranges::find(before, line) == before.end()) say(line);
    }
    listeners.emplace(plan->gateway, std::move(lines));
  }
  listeners_ = std::move(listeners);
  statuses(outcome, control);
}

void Report::statuses(const control::Outcome& outcome, const control::ControlLoop& control) {
  Bounded say(base::LogLevel::Warn);
  for (const auto& status : outcome.statuses) {
    auto now = complaints(*status);
    auto& before = complaints_[status->object];
    for (const std::string& line : now) {
      if (std::ranges::find(before, line) == before.end()) say(line);
    }
    if (now.empty() && !before.empty()) base::log_info("{}: all well now", api::to_text(status->object));
    before = std::move(now);
  }
  std::set<api::ObjectId> present;
  for (const auto& status : control.current().statuses) present.insert(status->object);
  std::erase_if(complaints_, [&present](const auto& entry) { return !present.contains(entry.first); });
}

void Report::problems(const std::string& what, const std::vector<std::string>& now) {
  std::set<std::string> present(now.begin(), now.end());
  std::set<std::string>& before = problems_[what];
  {
    Bounded say(base::LogLevel::Error);
    for (const std::string& problem : now) {
      if (!before.contains(problem)) say(problem);
    }
  }
  if (present.empty() && !before.empty()) base::log_info("{}: no problems any more", what);
  before = std::move(present);
}

void Report::notes(const std::vector<std::string>& notes) {
  Bounded say(base::LogLevel::Info);
  for (const std::string& note : notes) say(note);
}

}  // namespace cardea::app
