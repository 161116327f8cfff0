// SPDX-License-Identifier: Apache-2.0
#include "plan/wire_assembly.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>
#include <utility>

#include "plan/hash.h"
#include "plan/names.h"
#include "plan/used_backends.h"

namespace cardea::plan::wire {

using base::Value;
using namespace plan::internal;

struct Assembly::Part {
  std::string_view kind;
  Hash hash;
  std::string name;  // the hash as others name it
  std::optional<Hash> like;
  std::size_t head = 0;
  std::size_t tail = 0;
  const Value* content = nullptr;
};

namespace {

std::string text_of(const Value& object, std::string_view name) {
  const Value* value = object.find(name);
  return value && value->is_string() ? value->as_string() : std::string();
}

std::optional<Hash> hash_in(const Value& object, std::string_view name) {
  const Value* value = object.find(name);
  return value && value->is_string() ? base::parse_hash(value->as_string()) : std::nullopt;
}

std::size_t count_in(const Value& object, std::string_view name) {
  const Value* value = object.find(name);
  return value && value->is_int() && value->as_int() > 0 ? static_cast<std::size_t>(value->as_int()) : 0;
}

// Without the place in a line that nobody sees.
std::string reason_of(const FirstError& error) {
  const std::string& message = *error.message;
  const std::size_t place = message.starts_with("line ") ? message.find(": ") : std::string::npos;
  return place == std::string::npos ? message : message.substr(place + 2);
}

template <class T>
Ref<T> with_hash(T part, const Hash& hash) {
  part.hash = hash;
  return std::make_shared<const T>(std::move(part));
}

Hash complement(Hash hash) {
  for (std::uint8_t& byte : hash.bytes) byte = static_cast<std::uint8_t>(~byte);
  return hash;
}

base::Result<std::vector<Hash>> hashes_in(const Value* list) {
  std::vector<Hash> hashes;
  if (!list) return hashes;
  if (!list->is_array()) return base::fail("a list of hashes is none");
  for (const Value& item : list->as_array()) {
    const auto hash = item.is_string() ? base::parse_hash(item.as_string()) : std::nullopt;
    if (!hash) return base::fail("a list of hashes holds something else");
    hashes.push_back(*hash);
  }
  return hashes;
}

// The first `head` and the last `tail` of `before`, with `middle` between them.
template <class Item>
base::Result<std::vector<Item>> spliced(const std::vector<Item>& before, std::size_t head, std::size_t tail, std::vector<Item> middle) {
  if (head > before.size() || tail > before.size() - head) return base::fail("a list has less in common with the one before than was said");
  std::vector<Item> list(before.begin(), before.begin() + static_cast<std::ptrdiff_t>(head));
  std::ranges::move(middle, std::back_inserter(list));
  list.insert(list.end(), before.end() - static_cast<std::ptrdiff_t>(tail), before.end());
  return list;
}

base::Result<std::vector<Hash>> list_in(const Value& section, std::string_view name, const std::vector<Hash>& before) {
  static const Value kNone(Value::Object{});
  const Value* list = section.find(name);
  if (!list || !list->is_object()) list = &kNone;
  auto items = hashes_in(list->find("items"));
  if (!items) return items;
  return spliced(before, count_in(*list, "head"), count_in(*list, "tail"), *std::move(items));
}

}  // namespace

std::vector<Hash> Assembly::holding() const {
  std::vector<Hash> hashes;
  const auto tell = [&](const Hash& hash) {
    if (is_whole(hash)) hashes.push_back(hash);
  };
  for (const auto& [name, part] : backends_) tell(sent_hash(part->hash));
  for (const auto& [name, part] : rules_) tell(sent_hash(part->hash));
  for (const auto& [hash, part] : hosts_) tell(hash);
  for (const auto& [hash, part] : listeners_) tell(hash);
  for (const auto& [hash, part] : endpoints_) tell(hash);
  for (const auto& [hash, part] : certificates_) tell(hash);
  for (const auto& [hash, part] : ca_bundles_) tell(hash);
  for (const auto& [hash, part] : settings_) tell(hash);
  return hashes;
}

// Its complement: one version of the program makes one thing of a part.
Hash Assembly::own_hash(const Hash& sent) const { return is_whole(sent) ? sent : complement(sent); }

Hash Assembly::sent_hash(const Hash& own) const {
  const Hash sent = complement(own);
  return is_whole(sent) ? own : sent;
}

bool Assembly::has(const Hash& hash) const {
  const std::string name = base::to_hex(hash);
  return backends_.contains(name) || rules_.contains(name) || hosts_.contains(hash) || listeners_.contains(hash) ||
         endpoints_.contains(hash) || certificates_.contains(hash) || ca_bundles_.contains(hash) || settings_.contains(hash);
}

base::Result<> Assembly::add(const PartMessage& message) {
  struct Kind {
    std::string_view name;
    base::Result<> (Assembly::*add)(const Part&);
  };
  static constexpr std::array<Kind, 8> kKinds{{{"settings", &Assembly::add_settings},
                                               {"certificate", &Assembly::add_certificate},
                                               {"caBundle", &Assembly::add_ca_bundle},
                                               {"endpoints", &Assembly::add_endpoints},
                                               {"backend", &Assembly::add_backend},
                                               {"rule", &Assembly::add_rule},
                                               {"virtualHost", &Assembly::add_host},
                                               {"listener", &Assembly::add_listener}}};
  const Value& value = message.value;
  Part part;
  const Value* kind = value.find("part");
  const auto hash = hash_in(value, "hash");
  part.content = value.find("content");
  if (!kind || !kind->is_string() || !hash || hash->is_zero() || !part.content) return base::fail("a part needs its kind, hash and content");
  part.kind = kind->as_string();
  part.hash = *hash;
  part.name = base::to_hex(*hash);
  part.like = hash_in(value, "like");
  part.head = count_in(value, "head");
  part.tail = count_in(value, "tail");
  if (has(part.hash) && is_whole(part.hash)) return {};
  refused_.erase(part.hash);
  broken_.erase(part.hash);
  const auto known = std::ranges::find(kKinds, part.kind, &Kind::name);
  return known == kKinds.end() ? add_unknown(part) : (this->*known->add)(part);
}

base::Result<> Assembly::add_unknown(const Part& part) {
  const std::string id = text_of(*part.content, "id");
  refuse(part.hash, fmt::format("{} {}", part.kind, id.empty() ? part.name : id), "this version of the proxy does not know such a part");
  return {};
}

base::Result<> Assembly::add_settings(const Part& part) {
  FirstError error;
  Settings settings = *read_settings(Node(*part.content, "", error));
  if (error.message) {
    refuse(part.hash, "settings", reason_of(error));
  } else {
    settings_.insert_or_assign(part.hash, with_hash(std::move(settings), part.hash));
  }
  return {};
}

base::Result<> Assembly::add_certificate(const Part& part) {
  FirstError error;
  Certificate certificate = read_certificate(Node(*part.content, "", error));
  if (error.message) {
    refuse(part.hash, "certificate " + text_of(*part.content, "id"), reason_of(error));
  } else {
    certificates_.insert_or_assign(part.hash, with_hash(std::move(certificate), part.hash));
  }
  return {};
}

base::Result<> Assembly::add_ca_bundle(const Part& part) {
  FirstError error;
  CaBundle bundle = read_ca_bundle(Node(*part.content, "", error));
  if (error.message) {
    refuse(part.hash, "CA bundle " + text_of(*part.content, "caBundle"), reason_of(error));
  } else {
    ca_bundles_.insert_or_assign(part.hash, with_hash(std::move(bundle), part.hash));
  }
  return {};
}

base::Result<> Assembly::add_endpoints(const Part& part) {
  FirstError error;
  BackendEndpoints endpoints = read_backend_endpoints(Node(*part.content, "", error));
  if (error.message) {
    refuse(part.hash, "endpoints " + text_of(*part.content, "backend"), reason_of(error));
  } else {
    endpoints_.insert_or_assign(part.hash, with_hash(std::move(endpoints), part.hash));
  }
  return {};
}

// A refused one stays to be named, and is replaced where it is.
base::Result<> Assembly::add_backend(const Part& part) {
  FirstError error;
  Backend backend = read_backend(Node(*part.content, "", error));
  if (error.message) {
    backend = Backend();
    backend.id = text_of(*part.content, "id");
    refuse(part.hash, "backend " + backend.id, reason_of(error));
  }
  backends_.insert_or_assign(part.name, with_hash(std::move(backend), own_hash(part.hash)));
  return {};
}

bool Assembly::replace_refused_backends(Rule& rule) const {
  bool any = false;
  for_each_backend_use(rule, [&](auto& use) {
    if (!use.backend || is_whole(sent_hash(use.backend->hash))) return;
    any = true;
    use.fault = BackendFault::UnsupportedProtocol;
    use.backend = nullptr;
  });
  return any;
}

base::Result<> Assembly::add_rule(const Part& part) {
  FirstError error;
  Rule rule;
  {
    Members members(Node(*part.content, "", error));
    rule = read_rule(members, backends_);
  }
  if (error.message) {
    Rule refused;
    refused.kind = rule.kind;
    refused.route = rule.route;
    refused.index = rule.index;
    refused.filters = {UnresolvedFilter{"this version of the proxy does not understand the rule: " + reason_of(error)}};
    rule = std::move(refused);
    refuse(part.hash, fmt::format("rule {} {}/{}/{}", to_string(rule.kind), rule.route.namespace_, rule.route.name, rule.index),
           reason_of(error));
  } else if (!refused_.empty() && replace_refused_backends(rule)) {
    broken_.insert(part.hash);
  }
  rules_.insert_or_assign(part.name, with_hash(std::move(rule), own_hash(part.hash)));
  return {};
}

base::Result<> Assembly::add_host(const Part& part) {
  FirstError error;
  std::string hostname;
  std::vector<std::optional<RouteMatch>> matches;
  bool holes = false;
  {
    Members members(Node(*part.content, "", error));
    hostname = members.string("hostname", "");
    const auto list = members.find("matches");
    for (const Node& item : list ? list->items() : std::vector<Node>{}) {
      FirstError of_match;
      RouteMatch match = read_match(Node(item.value(), fmt::format("match {}", part.head + matches.size()), of_match), rules_);
      if (!of_match.message) {
        matches.emplace_back(std::move(match));
        continue;
      }
      const std::string named = text_of(item.value(), "rule");
      const auto rule = rules_.find(named);
      if (rule == rules_.end()) return base::fail(fmt::format("virtual host {} names rule {}, which was not sent", hostname, named));
      const Rule& of = *rule->second;
      refuse(part.hash, fmt::format("rule {} {}/{}/{}", to_string(of.kind), of.route.namespace_, of.route.name, of.index),
             fmt::format("host \"{}\": {}", hostname, reason_of(of_match)));
      matches.emplace_back();
      holes = true;
    }
  }
  if (part.like) {
    const auto before = hosts_.find(*part.like);
    if (before == hosts_.end()) return base::fail(fmt::format("virtual host {} is like one that is not here", hostname));
    std::vector<std::optional<RouteMatch>> sent = before->second.sent;
    holes |= !sent.empty();
    if (sent.empty()) sent.assign(before->second.host->matches.begin(), before->second.host->matches.end());
    auto all = spliced(sent, part.head, part.tail, std::move(matches));
    if (!all) return std::unexpected(all.error());
    matches = *std::move(all);
  }
  if (error.message) {
    refuse(part.hash, fmt::format("virtual host {}", hostname), reason_of(error));
    return {};
  }
  VirtualHost host;
  host.hostname = std::move(hostname);
  for (const auto& match : matches) {
    if (match) host.matches.push_back(*match);
    if (!match || !is_whole(sent_hash(match->rule->hash))) broken_.insert(part.hash);
  }
  HeldHost held{with_hash(std::move(host), own_hash(part.hash)), {}};
  if (holes) held.sent = std::move(matches);
  hosts_.insert_or_assign(part.hash, std::move(held));
  return {};
}

base::Result<> Assembly::add_listener(const Part& part) {
  FirstError error;
  Listener listener;
  base::Result<std::vector<Hash>> hosts;
  {
    Members members(Node(*part.content, "", error));
    listener = read_listener(members);
    const auto list = members.find("virtualHosts");
    hosts = hashes_in(list ? &list->value() : nullptr);
  }
  if (hosts && part.like) {
    const auto before = listeners_.find(*part.like);
    if (before == listeners_.end()) return base::fail(fmt::format("listener {} is like one that is not here", listener.name));
    hosts = spliced(before->second.hosts, part.head, part.tail, *std::move(hosts));
  }
  if (!hosts) return std::unexpected(hosts.error());
  if (error.message) {
    refuse(part.hash, "listener " + text_of(*part.content, "name"), reason_of(error));
    return {};
  }
  for (const Hash& hash : *hosts) {
    if (!is_whole(hash)) broken_.insert(part.hash);
    const auto host = hosts_.find(hash);
    if (host != hosts_.end()) {
      listener.virtual_hosts.push_back(host->second.host);
    } else if (!refused_.contains(hash)) {
      return base::fail(fmt::format("listener {} names a virtual host that was not sent", listener.name));
    }
  }
  listeners_.insert_or_assign(part.hash, HeldListener{with_hash(std::move(listener), own_hash(part.hash)), *std::move(hosts)});
  return {};
}

base::Result<Assembly::Made> Assembly::make(const PlanMessage& message) {
  const Value& value = message.value;
  Plan plan = current_ ? *current_ : *seal(Plan{});
  Lists lists = lists_;

  FirstError error;
  if (const Value* gateway = value.find("gateway")) plan.gateway = Node(*gateway, "gateway", error).object_name();
  if (error.message) return base::fail(*error.message);
  const Value* generation = value.find("generation");
  plan.generation = generation && generation->is_int() ? generation->as_int() : 0;

  // Whether a section is there, with its hash; it must be like the one that we have, or like none.
  std::optional<std::string> wrong;
  const auto section_of = [&](std::string_view name, const Hash& ours, Hash& hash) -> const Value* {
    const Value* section = value.find(name);
    if (!section) return nullptr;
    const auto like = hash_in(*section, "like");
    hash = hash_in(*section, "hash").value_or(Hash{});
    if (hash.is_zero() || (like && *like != ours)) wrong = fmt::format("the plan's {} do not follow those that are here", name);
    return section;
  };
  // Takes a list over, and says of each item what becomes of it.
  const auto take = [&](const Value& section, std::string_view name, std::vector<Hash>& list, auto put) {
    static const std::vector<Hash> kNone;
    auto items = list_in(section, name, hash_in(section, "like") ? list : kNone);
    if (!items) {
      wrong = items.error().message;
      return;
    }
    list = *std::move(items);
    for (const Hash& item : list) {
      if (!put(item) && !refused_.contains(item)) wrong = fmt::format("the plan names one of its {} that was not sent", name);
    }
  };
  const auto put_into = [](const auto& parts, auto& into) {
    return [&](const Hash& hash) {
      const auto found = parts.find(hash);
      if (found != parts.end()) into.push_back(found->second);
      return found != parts.end();
    };
  };

  Hash hash;
  if (const Value* section = section_of("secrets", plan.secrets->hash, hash)) {
    Secrets secrets;
    take(*section, "certificates", lists.certificates, put_into(certificates_, secrets.certificates));
    take(*section, "caBundles", lists.ca_bundles, put_into(ca_bundles_, secrets.ca_bundles));
    plan.secrets = with_hash(std::move(secrets), hash);
  }
  if (const Value* section = section_of("endpoints", plan.endpoints->hash, hash)) {
    Endpoints endpoints;
    take(*section, "backends", lists.endpoints, put_into(endpoints_, endpoints.backends));
    plan.endpoints = with_hash(std::move(endpoints), hash);
  }
  if (const Value* section = section_of("routing", plan.routing->hash, hash)) {
    Routing routing;
    take(*section, "backends", lists.backends, [&](const Hash& item) {
      const auto found = backends_.find(base::to_hex(item));
      if (found != backends_.end() && !refused_.contains(item)) routing.backends.push_back(found->second);
      return found != backends_.end();
    });
    take(*section, "listeners", lists.listeners, [&](const Hash& item) {
      const auto found = listeners_.find(item);
      if (found != listeners_.end()) routing.listeners.push_back(found->second.listener);
      return found != listeners_.end();
    });
    routing.client_certificate = text_of(*section, "clientCertificate");
    plan.routing = with_hash(std::move(routing), hash);
  }
  if (section_of("settings", plan.settings->hash, hash)) {
    const auto settings = settings_.find(hash);
    // Refused ones: those that were in force stay.
    if (settings == settings_.end() && !refused_.contains(hash)) wrong = "the plan's settings were not sent";
    plan.settings = settings != settings_.end() ? settings->second : with_hash(*plan.settings, hash);
  }
  if (wrong) return base::fail(*std::move(wrong));

  current_ = std::make_shared<const Plan>(std::move(plan));
  lists_ = std::move(lists);
  forget_unused();
  return Made{current_, refusals()};
}

Hashes Assembly::used() const {
  Hashes used{current_->settings->hash};
  for (const auto* list : {&lists_.listeners, &lists_.backends, &lists_.endpoints, &lists_.certificates, &lists_.ca_bundles}) {
    used.insert(list->begin(), list->end());
  }
  for (const Hash& hash : lists_.listeners) {
    const auto listener = listeners_.find(hash);
    if (listener == listeners_.end()) continue;
    for (const Hash& of_host : listener->second.hosts) {
      used.insert(of_host);
      const auto host = hosts_.find(of_host);
      if (host == hosts_.end()) continue;
      for (const RouteMatch& match : host->second.host->matches) used.insert(sent_hash(match.rule->hash));
      for (const auto& match : host->second.sent) {
        if (match) used.insert(sent_hash(match->rule->hash));
      }
    }
  }
  return used;
}

// Not every time: it looks at every part.
void Assembly::forget_unused() {
  const auto size = [this] {
    return backends_.size() + rules_.size() + hosts_.size() + listeners_.size() + endpoints_.size() + certificates_.size() + ca_bundles_.size() +
           settings_.size();
  };
  constexpr std::size_t kSlack = 1024;
  if (refused_.empty() && size() < 2 * kept_ + kSlack) return;
  const Hashes wanted = used();
  const auto by_name = [&](const auto& item) { return !wanted.contains(sent_hash(item.second->hash)); };
  const auto by_hash = [&](const auto& item) { return !wanted.contains(item.first); };
  std::erase_if(backends_, by_name);
  std::erase_if(rules_, by_name);
  std::erase_if(hosts_, by_hash);
  std::erase_if(listeners_, by_hash);
  std::erase_if(endpoints_, by_hash);
  std::erase_if(certificates_, by_hash);
  std::erase_if(ca_bundles_, by_hash);
  std::erase_if(settings_, by_hash);
  std::erase_if(refused_, by_hash);
  std::erase_if(broken_, [&](const Hash& hash) { return !wanted.contains(hash); });
  kept_ = size();
}

std::vector<Refusal> Assembly::refusals() const {
  std::vector<Refusal> refusals;
  for (const auto& [hash, of_part] : refused_) refusals.insert(refusals.end(), of_part.begin(), of_part.end());
  std::ranges::sort(refusals, {}, [](const Refusal& refusal) { return std::pair(refusal.part, refusal.reason); });
  refusals.erase(std::unique(refusals.begin(), refusals.end()), refusals.end());
  return refusals;
}

}  // namespace cardea::plan::wire
