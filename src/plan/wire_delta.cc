// SPDX-License-Identifier: Apache-2.0
#include "plan/wire_delta.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "base/json.h"
#include "plan/diff.h"
#include "plan/json_write.h"

namespace cardea::plan::wire {
namespace {

using base::Value;
using namespace plan::internal;

constexpr auto kSameHash = [](const auto& a, const auto& b) { return a == b || a->hash == b->hash; };
constexpr auto kSameRule = [](const RouteMatch& a, const RouteMatch& b) {
  if (!kSameHash(a.rule, b.rule)) return false;
  return a.path == b.path && a.method == b.method && a.headers == b.headers && a.query_params == b.query_params;
};

// How many items two lists have in common at their fronts and at their backs; these do not overlap.
struct Ends {
  std::size_t head = 0;
  std::size_t tail = 0;
};
template <class Item, class Same>
Ends common_ends(const std::vector<Item>& before, const std::vector<Item>& after, Same same) {
  const std::size_t most = std::min(before.size(), after.size());
  Ends ends;
  while (ends.head < most && same(before[ends.head], after[ends.head])) ++ends.head;
  while (ends.tail < most - ends.head && same(before[before.size() - 1 - ends.tail], after[after.size() - 1 - ends.tail])) ++ends.tail;
  return ends;
}

template <class Item>
std::vector<Item> middle_of(const std::vector<Item>& list, Ends ends) {
  return {list.begin() + static_cast<std::ptrdiff_t>(ends.head), list.end() - static_cast<std::ptrdiff_t>(ends.tail)};
}

template <class Part>
Value hash_names(const std::vector<Ref<Part>>& parts) {
  Value list(Value::Array{});
  for (const auto& part : parts) list.push(base::to_hex(part->hash));
  return list;
}

template <class Part>
std::string hash_name(const Part& part) {
  return base::to_hex(part.hash);
}

void add_ends(Value& object, Ends ends) {
  object.add("head", static_cast<std::int64_t>(ends.head));
  object.add("tail", static_cast<std::int64_t>(ends.tail));
}

std::string part_line(const char* kind, const Hash& hash, const Hash* like, Ends ends, Value content) {
  Value message(Value::Object{});
  message.add("part", kind);
  message.add("hash", base::to_hex(hash));
  if (like) {
    message.add("like", base::to_hex(*like));
    add_ends(message, ends);
  }
  message.add("content", std::move(content));
  return base::to_json(message) + '\n';
}

std::string part_line(const char* kind, const Hash& hash, Value content) {
  return part_line(kind, hash, nullptr, {}, std::move(content));
}

template <class Part>
Value list_of(const std::vector<Ref<Part>>* before, const std::vector<Ref<Part>>& after) {
  const Ends ends = before ? common_ends(*before, after, kSameHash) : Ends{};
  Value list(Value::Object{});
  if (before) add_ends(list, ends);
  list.add("items", hash_names(middle_of(after, ends)));
  return list;
}

// A member of the plan, begun.
template <class Part>
Value section_of(const Part* before, const Part& after) {
  Value section(Value::Object{});
  section.add("hash", base::to_hex(after.hash));
  if (before) section.add("like", base::to_hex(before->hash));
  return section;
}

template <class Part, class Item>
const std::vector<Ref<Item>>* list_in(const Part* part, std::vector<Ref<Item>> Part::* list) {
  return part ? &(part->*list) : nullptr;
}

template <class Part>
bool differ(const Part* before, const Part& after) {
  return !before || before->hash != after.hash;
}

struct ByRule {
  using Key = std::pair<const ObjectName*, std::uint32_t>;
  bool operator()(const Key& a, const Key& b) const {
    return std::tie(*a.first, a.second) < std::tie(*b.first, b.second);
  }
};

}  // namespace

Hashes hashes_of(const Plan& plan) {
  Hashes hashes{plan.settings->hash};
  for (const auto& certificate : plan.secrets->certificates) hashes.insert(certificate->hash);
  for (const auto& bundle : plan.secrets->ca_bundles) hashes.insert(bundle->hash);
  for (const auto& backend : plan.endpoints->backends) hashes.insert(backend->hash);
  for (const auto& backend : plan.routing->backends) hashes.insert(backend->hash);
  for (const auto& listener : plan.routing->listeners) {
    hashes.insert(listener->hash);
    for (const auto& host : listener->virtual_hosts) {
      if (!hashes.insert(host->hash).second) continue;
      for (const RouteMatch& match : host->matches) hashes.insert(match.rule->hash);
    }
  }
  return hashes;
}

Delta::Delta(Ref<Plan> base, const Hashes& held, Ref<Plan> next) : base_(std::move(base)), next_(std::move(next)) {
  collect(held);
  added_.clear();
  of_base_.reset();
}

bool Delta::add(const Hash& hash, const Hashes& held) { return !held.contains(hash) && added_.insert(hash).second; }

bool Delta::base_has(const Hash& hash) {
  if (!base_) return false;
  if (!of_base_) of_base_ = hashes_of(*base_);
  return of_base_->contains(hash);
}

void Delta::collect(const Hashes& held) {
  const Plan* base = base_.get();
  // Sorted by what they are of: a part has one place, and what is not there now was not anywhere before.
  const auto add_new = [&](const auto* before, const auto& after) {
    const Ends ends = before ? common_ends(*before, after, kSameHash) : Ends{};
    Hashes gone;
    if (before) {
      for (const auto& part : middle_of(*before, ends)) gone.insert(part->hash);
    }
    for (const auto& part : middle_of(after, ends)) {
      if (!gone.contains(part->hash) && add(part->hash, held)) parts_.emplace_back(part);
    }
  };
  if (differ(base ? base->settings.get() : nullptr, *next_->settings) && add(next_->settings->hash, held)) {
    parts_.emplace_back(next_->settings);
  }
  add_new(base ? &base->secrets->certificates : nullptr, next_->secrets->certificates);
  add_new(base ? &base->secrets->ca_bundles : nullptr, next_->secrets->ca_bundles);
  add_new(base ? &base->endpoints->backends : nullptr, next_->endpoints->backends);
  add_new(base ? &base->routing->backends : nullptr, next_->routing->backends);

  const std::vector<Ref<Listener>> before = base ? base->routing->listeners : std::vector<Ref<Listener>>{};
  for (const auto& listener : next_->routing->listeners) {
    const auto old = std::ranges::find_if(before, [&](const auto& other) { return plan::id_of(*other) == plan::id_of(*listener); });
    add_listener(listener, old == before.end() ? nullptr : *old, held);
  }
}

// What the receiver holds it holds with everything in it.
void Delta::add_listener(const Ref<Listener>& listener, const Ref<Listener>& like, const Hashes& held) {
  if ((like && kSameHash(like, listener)) || held.contains(listener->hash)) return;
  static const std::vector<Ref<VirtualHost>> kNone;
  const auto& before = like ? like->virtual_hosts : kNone;
  const Ends ends = common_ends(before, listener->virtual_hosts, kSameHash);
  const auto gone = middle_of(before, ends);
  std::unordered_map<std::string_view, const Ref<VirtualHost>*> by_name;
  for (const auto& host : gone) by_name.emplace(host->hostname, &host);
  for (const auto& host : middle_of(listener->virtual_hosts, ends)) {
    const auto old = by_name.find(host->hostname);
    add_host(host, old == by_name.end() ? nullptr : *old->second, held);
  }
  parts_.emplace_back(Like<Listener>{listener, like});
}

void Delta::add_host(const Ref<VirtualHost>& host, const Ref<VirtualHost>& like, const Hashes& held) {
  if (like ? kSameHash(like, host) : base_has(host->hash)) return;
  if (!add(host->hash, held)) return;
  const Ends ends = like ? common_ends(like->matches, host->matches, kSameRule) : Ends{};
  // A rule that took the place of another version of itself is new; any other may have been elsewhere.
  Hashes gone;
  std::set<std::pair<const ObjectName*, std::uint32_t>, ByRule> replaced;
  if (like) {
    for (std::size_t i = ends.head; i < like->matches.size() - ends.tail; ++i) {
      gone.insert(like->matches[i].rule->hash);
      replaced.emplace(&like->matches[i].rule->route, like->matches[i].rule->index);
    }
  }
  for (std::size_t i = ends.head; i < host->matches.size() - ends.tail; ++i) {
    const Ref<Rule>& rule = host->matches[i].rule;
    if (gone.contains(rule->hash)) continue;
    if (!replaced.contains({&rule->route, rule->index}) && base_has(rule->hash)) continue;
    if (add(rule->hash, held)) parts_.emplace_back(rule);
  }
  parts_.emplace_back(Like<VirtualHost>{host, like});
}

std::optional<std::string> Delta::next_line() {
  if (said_ > parts_.size()) return std::nullopt;
  if (said_ == parts_.size()) {
    ++said_;
    return plan_line();
  }
  struct Say {
    std::string operator()(const Ref<Settings>& part) const { return part_line("settings", part->hash, write_settings(*part)); }
    std::string operator()(const Ref<Certificate>& part) const {
      return part_line("certificate", part->hash, write_certificate(*part, Redact::No));
    }
    std::string operator()(const Ref<CaBundle>& part) const { return part_line("caBundle", part->hash, write_ca_bundle(*part)); }
    std::string operator()(const Ref<BackendEndpoints>& part) const {
      return part_line("endpoints", part->hash, write_backend_endpoints(*part));
    }
    std::string operator()(const Ref<Backend>& part) const { return part_line("backend", part->hash, write_backend(*part)); }
    std::string operator()(const Ref<Rule>& part) const {
      return part_line("rule", part->hash, write_rule(*part, hash_name<Backend>));
    }
    std::string operator()(const Like<VirtualHost>& item) const {
      if (!item.like) return part_line("virtualHost", item.part->hash, write_virtual_host(*item.part, hash_name<Rule>));
      const Ends ends = common_ends(item.like->matches, item.part->matches, kSameRule);
      VirtualHost rest{.hostname = item.part->hostname, .matches = middle_of(item.part->matches, ends), .hash = {}};
      return part_line("virtualHost", item.part->hash, &item.like->hash, ends, write_virtual_host(rest, hash_name<Rule>));
    }
    std::string operator()(const Like<Listener>& item) const {
      static const std::vector<Ref<VirtualHost>> kNone;
      const Ends ends = common_ends(item.like ? item.like->virtual_hosts : kNone, item.part->virtual_hosts, kSameHash);
      Value content = write_listener(*item.part, hash_names(middle_of(item.part->virtual_hosts, ends)));
      return part_line("listener", item.part->hash, item.like ? &item.like->hash : nullptr, ends, std::move(content));
    }
  };
  return std::visit(Say(), parts_[said_++]);
}

std::string Delta::plan_line() const {
  const Plan* base = base_.get();
  Value plan(Value::Object{});
  plan.add("gateway", to_text(next_->gateway));
  plan.add("generation", next_->generation);
  if (const Routing* before = base ? base->routing.get() : nullptr; differ(before, *next_->routing)) {
    Value section = section_of(before, *next_->routing);
    section.add("listeners", list_of(list_in(before, &Routing::listeners), next_->routing->listeners));
    section.add("backends", list_of(list_in(before, &Routing::backends), next_->routing->backends));
    add_unless(section, "clientCertificate", next_->routing->client_certificate, "");
    plan.add("routing", std::move(section));
  }
  if (const Endpoints* before = base ? base->endpoints.get() : nullptr; differ(before, *next_->endpoints)) {
    Value section = section_of(before, *next_->endpoints);
    section.add("backends", list_of(list_in(before, &Endpoints::backends), next_->endpoints->backends));
    plan.add("endpoints", std::move(section));
  }
  if (const Secrets* before = base ? base->secrets.get() : nullptr; differ(before, *next_->secrets)) {
    Value section = section_of(before, *next_->secrets);
    section.add("certificates", list_of(list_in(before, &Secrets::certificates), next_->secrets->certificates));
    section.add("caBundles", list_of(list_in(before, &Secrets::ca_bundles), next_->secrets->ca_bundles));
    plan.add("secrets", std::move(section));
  }
  if (const Settings* before = base ? base->settings.get() : nullptr; differ(before, *next_->settings)) {
    plan.add("settings", section_of<Settings>(nullptr, *next_->settings));
  }
  Value message(Value::Object{});
  message.add("plan", std::move(plan));
  return base::to_json(message) + '\n';
}

}  // namespace cardea::plan::wire
