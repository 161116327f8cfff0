// SPDX-License-Identifier: Apache-2.0
#include "plan/json.h"

#include <fmt/core.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>
#include <tuple>
#include <unordered_map>

#include "plan/diff.h"
#include "plan/hash.h"
#include "plan/json_read.h"
#include "plan/json_write.h"

namespace cardea::plan {

namespace {

using base::Value;
using namespace internal;

// Every rule of a routing, once, in the order of route and index, with a name that people recognise.
class Rules {
 public:
  explicit Rules(const Routing& routing) {
    collect(routing);
    const auto order = [](const Rule* rule) { return std::tie(rule->route, rule->kind, rule->index, rule->hash); };
    std::ranges::sort(rules_, [&](const Rule* a, const Rule* b) { return order(a) < order(b); });
    std::map<std::string, int> uses;
    for (const Rule* rule : rules_) {
      std::string name = fmt::format("{}/{}", to_text(rule->route), rule->index);
      if (rule->kind == RouteKind::GRPCRoute) name = "grpc:" + name;
      const int use = ++uses[name];
      if (use > 1) name += fmt::format("#{}", use);
      names_.emplace(rule->hash, std::move(name));
    }
  }

  const std::vector<const Rule*>& all() const { return rules_; }
  const std::string& name_of(const Rule& rule) const { return names_.at(rule.hash); }

 private:
  void collect(const Routing& routing) {
    std::set<Hash> seen;
    for (const auto& listener : routing.listeners) {
      for (const auto& host : listener->virtual_hosts) {
        for (const RouteMatch& match : host->matches) {
          if (seen.insert(match.rule->hash).second) rules_.push_back(match.rule.get());
        }
      }
    }
  }

  std::vector<const Rule*> rules_;
  std::unordered_map<Hash, std::string> names_;
};

Value write_routing(const Routing& routing) {
  const Rules rules(routing);
  const NameOfRule name_of = [&](const Rule& rule) { return rules.name_of(rule); };
  Value listeners(Value::Array{});
  for (const auto& listener : routing.listeners) {
    Value hosts(Value::Array{});
    for (const auto& host : listener->virtual_hosts) hosts.push(write_virtual_host(*host, name_of));
    listeners.push(write_listener(*listener, std::move(hosts)));
  }
  Value rule_list(Value::Array{});
  for (const Rule* rule : rules.all()) {
    Value& entry = rule_list.push(Value(Value::Object{}));
    entry.add("id", rules.name_of(*rule));
    Value body = write_rule(*rule, name_by_id);
    for (base::Member& member : body.as_object()) entry.as_object().push_back(std::move(member));
  }
  Value backends(Value::Array{});
  for (const auto& backend : routing.backends) backends.push(write_backend(*backend));

  Value object(Value::Object{});
  add_unless_empty(object, "listeners", std::move(listeners));
  add_unless_empty(object, "rules", std::move(rule_list));
  add_unless_empty(object, "backends", std::move(backends));
  add_unless(object, "clientCertificate", routing.client_certificate, "");
  return object;
}

Value write_endpoints(const Endpoints& endpoints) {
  Value list(Value::Array{});
  for (const auto& backend : endpoints.backends) list.push(write_backend_endpoints(*backend));
  return list;
}

Value write_secrets(const Secrets& secrets, Redact redact) {
  Value list(Value::Array{});
  for (const auto& certificate : secrets.certificates) list.push(write_certificate(*certificate, redact));
  for (const auto& bundle : secrets.ca_bundles) list.push(write_ca_bundle(*bundle));
  return list;
}

Plan read_plan(const Node& node) {
  Members members(node);
  Plan plan;
  if (const auto gateway = members.required("gateway")) plan.gateway = gateway->object_name();
  if (const auto generation = members.find("generation")) {
    plan.generation = generation->integer(0, std::numeric_limits<std::int64_t>::max());
  }
  plan.routing = read_routing(members.find("routing"));
  plan.endpoints = read_endpoints(members.find("endpoints"));
  plan.secrets = read_secrets(members.find("secrets"));
  plan.settings = read_settings(members.find("settings"));
  return plan;
}

}  // namespace

base::Value to_value(const Plan& plan, Redact redact) {
  Value object(Value::Object{});
  object.add("gateway", to_text(plan.gateway));
  add_unless(object, "generation", plan.generation, std::int64_t{0});
  if (plan.routing) add_unless_empty(object, "routing", write_routing(*plan.routing));
  if (plan.endpoints) add_unless_empty(object, "endpoints", write_endpoints(*plan.endpoints));
  if (plan.secrets) add_unless_empty(object, "secrets", write_secrets(*plan.secrets, redact));
  if (plan.settings) add_unless_empty(object, "settings", write_settings(*plan.settings));
  return object;
}

base::Value to_value(const PlanSet& plans, Redact redact) {
  Value list(Value::Array{});
  for (const auto& plan : plans) list.push(to_value(*plan, redact));
  return list;
}

base::Result<Ref<Plan>> from_value(const base::Value& value) {
  FirstError error;
  Plan plan = read_plan(Node(value, "", error));
  if (error.message) return base::fail(*error.message);
  // Virtual hosts stand once for each listener; those of equal content become one again.
  return share(Plan{}, seal(std::move(plan)));
}

}  // namespace cardea::plan
