// SPDX-License-Identifier: Apache-2.0
#include "proxy/route_compiler.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "proxy/filter/header_modifier.h"
#include "proxy/filter/request_redirect.h"
#include "proxy/filter/url_rewrite.h"

namespace cardea::proxy {

namespace {

template <class Part>
bool same_part(const plan::Ref<Part>& a, const plan::Ref<Part>& b) {
  return a == b || (a->hash == b->hash && !a->hash.is_zero());
}

struct CheckFilter {
  base::Result<> operator()(const plan::RequestHeaderModifier& filter) const { return check_header_modifier(filter); }
  base::Result<> operator()(const plan::ResponseHeaderModifier& filter) const { return check_header_modifier(filter); }
  base::Result<> operator()(const plan::RequestRedirect& filter) const { return check_request_redirect(filter); }
  base::Result<> operator()(const plan::UrlRewrite& filter) const { return check_url_rewrite(filter); }
  // Translation knows of it and says so in a status: an answer, but no news.
  base::Result<> operator()(const plan::UnresolvedFilter&) const { return {}; }
};

bool is_unresolved(const plan::Filter& filter) { return std::holds_alternative<plan::UnresolvedFilter>(filter); }

std::string describe_rule(const plan::Rule& rule) {
  const char* kind = rule.kind == plan::RouteKind::GRPCRoute ? "GRPCRoute" : "HTTPRoute";
  return fmt::format("{} {}/{} rule {}", kind, rule.route.namespace_, rule.route.name, rule.index);
}

bool is_served(plan::Protocol protocol) {
  return protocol == plan::Protocol::HTTP || protocol == plan::Protocol::HTTPS;
}

}  // namespace

// One run of compile(): what it makes, and where it may take parts from.
class RouteCompiler::Pass {
 public:
  Pass(RouteCompiler& compiler, const RouteTable* previous)
      : compiler_(compiler), table_(std::make_shared<RouteTable>()) {
    if (!previous) return;
    for (const auto& listener : previous->listeners_)
      previous_.emplace(key_of(listener->gateway_, *listener->plan_), listener);
  }

  void add(const plan::ObjectName& gateway, const plan::Ref<plan::Listener>& plan,
           std::span<const std::string> addresses) {
    const auto listener = compile_listener(gateway, plan);
    bool placed = false;
    for (const auto& address : addresses) placed |= place(listener, address);
    if (placed) table_->listeners_.push_back(listener);
    for (const auto& host : listener->hosts_) {
      for (const auto& problem : host->problems_) table_->refusals_.push_back({gateway, problem.part, problem.reason});
    }
  }

  std::shared_ptr<const RouteTable> finish() {
    for (auto& [key, bind] : binds_) {
      std::vector<std::string_view> hostnames;
      for (const auto& listener : bind.listeners_) hostnames.push_back(listener->plan_->hostname);
      bind.index_ = HostIndex(hostnames);
      table_->binds_.push_back(std::move(bind));
    }
    return std::move(table_);
  }

 private:
  using ListenerKey = std::tuple<plan::ObjectName, bool, plan::ObjectName, std::string>;
  using RuleKey = const plan::Rule*;

  static ListenerKey key_of(const plan::ObjectName& gateway, const plan::Listener& listener) {
    return {gateway, listener.from_listener_set, listener.owner, listener.name};
  }

  // --- binds ---

  bool place(const std::shared_ptr<const CompiledListener>& listener, const std::string& address) {
    const plan::Listener& plan = *listener->plan_;
    const auto [found, added] = binds_.try_emplace({address, plan.bind_port});
    Bind& bind = found->second;
    if (added) {
      bind.address_ = address;
      bind.port_ = plan.bind_port;
      bind.tls_ = listener->is_tls();
      bind.series_ = compiler_.metrics_.bind(address, plan.bind_port);
    }
    if (std::ranges::find(bind.listeners_, listener) != bind.listeners_.end()) return true;  // an address given twice
    if (bind.tls_ != listener->is_tls()) return refuse(*listener, address, "the port is used with another protocol");
    const bool taken = std::ranges::any_of(bind.listeners_,
                                           [&](const auto& other) { return other->plan_->hostname == plan.hostname; });
    if (taken) return refuse(*listener, address, "another listener has this port and hostname");
    bind.listeners_.push_back(listener);
    return true;
  }

  bool refuse(const CompiledListener& listener, const std::string& address, std::string_view why) {
    const plan::Listener& plan = *listener.plan_;
    table_->refusals_.push_back(
        {listener.gateway_, "listener " + plan.name, fmt::format("{} port {}: {}", address, plan.bind_port, why)});
    return false;
  }

  // --- listeners ---

  std::shared_ptr<const CompiledListener> compile_listener(const plan::ObjectName& gateway,
                                                           const plan::Ref<plan::Listener>& plan) {
    const auto found = previous_.find(key_of(gateway, *plan));
    const CompiledListener* before = found == previous_.end() ? nullptr : found->second.get();
    if (before && same_part(before->plan_, plan)) return found->second;

    auto listener = std::make_shared<CompiledListener>();
    listener->gateway_ = gateway;
    listener->plan_ = plan;
    listener->series_ = compiler_.metrics_.listener(gateway, *plan);
    rules_.clear();
    std::vector<std::string_view> hostnames;
    hostnames.reserve(plan->virtual_hosts.size());
    listener->hosts_.reserve(plan->virtual_hosts.size());
    for (std::size_t i = 0; i < plan->virtual_hosts.size(); ++i) {
      const auto& host = plan->virtual_hosts[i];
      auto old = before ? find_host(*before, host->hostname, i) : nullptr;
      listener->hosts_.push_back(old && same_part(old->plan_, host) ? old : compile_host(*listener, host, old.get()));
      hostnames.push_back(listener->hosts_.back()->plan_->hostname);
    }
    listener->index_ = HostIndex(hostnames);
    return listener;
  }

  // `guess`: its position in the new plan, where it usually was before too.
  static std::shared_ptr<const CompiledVirtualHost> find_host(const CompiledListener& listener,
                                                              std::string_view hostname, std::size_t guess) {
    const auto& hosts = listener.hosts_;
    if (guess < hosts.size() && hosts[guess]->plan_->hostname == hostname) return hosts[guess];
    const std::uint32_t found = listener.index_.position(hostname);
    return found == HostIndex::kNone ? nullptr : hosts[found];
  }

  // --- virtual hosts and rules ---

  std::shared_ptr<const CompiledVirtualHost> compile_host(const CompiledListener& listener,
                                                          const plan::Ref<plan::VirtualHost>& plan,
                                                          const CompiledVirtualHost* before) {
    auto host = std::make_shared<CompiledVirtualHost>(plan, compiler_.regexes_);
    std::unordered_map<plan::Hash, std::shared_ptr<const CompiledRule>> old_rules;
    if (before) {
      for (const auto& rule : before->rules_) old_rules.emplace(rule->plan->hash, rule);
    }
    std::unordered_map<RuleKey, std::uint32_t> positions;
    host->rule_of_match_.reserve(plan->matches.size());
    for (const auto& match : plan->matches) {
      const auto [found, added] = positions.emplace(match.rule.get(), host->rules_.size());
      if (added) host->rules_.push_back(rule_for(listener, match.rule, old_rules, *host));
      host->rule_of_match_.push_back(found->second);
    }
    host->rules_.shrink_to_fit();
    for (const auto& pattern : host->matcher_.refused_patterns()) {
      host->problems_.push_back(
          {"host " + plan->hostname, "the regular expression \"" + pattern + "\" does not compile"});
    }
    return host;
  }

  using OldRules = std::unordered_map<plan::Hash, std::shared_ptr<const CompiledRule>>;

  std::shared_ptr<const CompiledRule> rule_for(const CompiledListener& listener, const plan::Ref<plan::Rule>& plan,
                                               const OldRules& old_rules, CompiledVirtualHost& host) {
    if (const auto made = rules_.find(plan.get()); made != rules_.end()) return made->second;
    const auto old = old_rules.find(plan->hash);
    auto rule =
        old != old_rules.end() && same_part(old->second->plan, plan) ? old->second : compile_rule(listener, plan);
    report(*rule, host);
    rules_.emplace(plan.get(), rule);
    return rule;
  }

  void report(const CompiledRule& rule, CompiledVirtualHost& host) {
    const auto check_all = [&](const std::vector<plan::Filter>& filters) {
      for (const auto& filter : filters) {
        if (auto checked = std::visit(CheckFilter(), filter); !checked) {
          host.problems_.push_back({describe_rule(*rule.plan), checked.error().message});
        }
      }
    };
    check_all(rule.plan->filters);
    for (const auto& backend : rule.plan->backends) check_all(backend.filters);
  }

  static Reason fault_of(const std::vector<plan::Filter>& filters) {
    const bool usable = std::ranges::all_of(filters, [](const auto& filter) {
      return !is_unresolved(filter) && std::visit(CheckFilter(), filter).has_value();
    });
    return usable ? Reason::None : Reason::UnresolvedFilter;
  }

  std::shared_ptr<const CompiledRule> compile_rule(const CompiledListener& listener,
                                                   const plan::Ref<plan::Rule>& plan) {
    auto rule = std::make_shared<CompiledRule>();
    rule->plan = plan;
    rule->series = compiler_.metrics_.rule(listener.series_, plan);
    rule->fault = fault_of(plan->filters);
    for (const auto& filter : plan->filters) {
      if (const auto* redirect = std::get_if<plan::RequestRedirect>(&filter)) rule->redirect = redirect;
    }
    rule->backends.reserve(plan->backends.size());
    for (const auto& backend : plan->backends) {
      rule->total_weight += backend.weight;
      CompiledBackendRef compiled{&backend, fault_of(backend.filters), rule->total_weight, nullptr, nullptr};
      if (backend.fault != plan::BackendFault::None) {
        compiled.fault = Reason::BackendInvalid;
      } else {
        compiled.slot = compiler_.slots_->acquire(backend.id);
      }
      compiled.series = compiler_.metrics_.backend(rule->series, backend.id);
      rule->backends.push_back(std::move(compiled));
    }
    return rule;
  }

  RouteCompiler& compiler_;
  std::shared_ptr<RouteTable> table_;
  std::map<ListenerKey, std::shared_ptr<const CompiledListener>> previous_;
  std::map<std::pair<std::string, std::uint16_t>, Bind> binds_;
  std::unordered_map<RuleKey, std::shared_ptr<const CompiledRule>> rules_;  // of the listener in work
};

std::shared_ptr<const RouteTable> RouteCompiler::compile(const plan::PlanSet& plans,
                                                         std::span<const std::string> default_addresses,
                                                         const RouteTable* previous) {
  Pass pass(*this, previous);
  for (const auto& plan : plans) {
    if (!plan->routing) continue;
    for (const auto& listener : plan->routing->listeners) {
      if (!is_served(listener->protocol)) continue;
      pass.add(plan->gateway, listener,
               listener->addresses.empty() ? default_addresses : std::span<const std::string>(listener->addresses));
    }
  }
  return pass.finish();
}

}  // namespace cardea::proxy
