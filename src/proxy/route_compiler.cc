// SPDX-License-Identifier: Apache-2.0
#include "proxy/route_compiler.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "proxy/filter/cors.h"
#include "proxy/filter/header_modifier.h"
#include "proxy/filter/request_redirect.h"
#include "proxy/filter/url_rewrite.h"
#include "proxy/session.h"

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
  base::Result<> operator()(const plan::RequestMirror&) const { return {}; }  // names nothing that is sent
  base::Result<> operator()(const plan::ExternalAuth&) const { return {}; }
  base::Result<> operator()(const plan::Cors& filter) const { return check_cors(filter); }
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

  void add(const plan::Plan& of, const plan::Ref<plan::Listener>& plan, std::span<const std::string> addresses) {
    const plan::ObjectName& gateway = of.gateway;
    const auto listener = compile_listener(gateway, plan, compiler_.settings_.of(of));
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
                                                           const plan::Ref<plan::Listener>& plan,
                                                           const EffectiveSettings& settings) {
    const auto found = previous_.find(key_of(gateway, *plan));
    const CompiledListener* before = found == previous_.end() ? nullptr : found->second.get();
    if (before && same_part(before->plan_, plan) && before->settings_ == &settings) return found->second;

    auto listener = std::make_shared<CompiledListener>();
    listener->gateway_ = gateway;
    listener->plan_ = plan;
    listener->settings_ = &settings;
    listener->series_ = compiler_.metrics_.listener(gateway, *plan);
    if (before && before->settings_ != &settings) before = nullptr;  // rules hold the settings too
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

  // The rules of the previous virtual host, found again mostly by their place: matches keep their order.
  class OldRules {
   public:
    explicit OldRules(const CompiledVirtualHost* host)
        : host_(host), new_positions_(host ? host->rules_.size() : 0, kUnused) {}

    // The position of the rule in the old host, or kUnused.
    std::uint32_t find(const plan::Ref<plan::Rule>& rule) {
      if (!host_) return kUnused;
      const auto& matches = host_->plan_->matches;
      for (const std::size_t guess : {next_, next_ + 1}) {
        if (guess < matches.size() && same_part(matches[guess].rule, rule)) {
          next_ = guess + 1;
          return host_->rule_of_match_[guess];
        }
      }
      if (by_hash_.empty()) {
        for (std::uint32_t i = 0; i < host_->rules_.size(); ++i) by_hash_.emplace(host_->rules_[i]->plan->hash, i);
      }
      const auto found = by_hash_.find(rule->hash);
      const bool same = found != by_hash_.end() && same_part(host_->rules_[found->second]->plan, rule);
      ++next_;
      return same ? found->second : kUnused;
    }
    const std::shared_ptr<const CompiledRule>& operator[](std::uint32_t position) const {
      return host_->rules_[position];
    }
    std::uint32_t& new_position(std::uint32_t position) { return new_positions_[position]; }

    static constexpr std::uint32_t kUnused = 0xffffffff;

   private:
    const CompiledVirtualHost* host_;
    std::size_t next_ = 0;
    std::unordered_map<plan::Hash, std::uint32_t> by_hash_;
    std::vector<std::uint32_t> new_positions_;
  };

  std::shared_ptr<const CompiledVirtualHost> compile_host(const CompiledListener& listener,
                                                          const plan::Ref<plan::VirtualHost>& plan,
                                                          const CompiledVirtualHost* before) {
    auto host = std::make_shared<CompiledVirtualHost>(plan, compiler_.regexes_);
    OldRules old(before);
    std::unordered_map<const plan::Rule*, std::uint32_t> positions;
    const auto append = [&](std::shared_ptr<const CompiledRule> rule) {
      report(*rule, *host);
      host->rules_.push_back(std::move(rule));
      return static_cast<std::uint32_t>(host->rules_.size() - 1);
    };
    host->rule_of_match_.reserve(plan->matches.size());
    for (const auto& match : plan->matches) {
      std::uint32_t position;
      if (const std::uint32_t found = old.find(match.rule); found != OldRules::kUnused) {
        std::uint32_t& known = old.new_position(found);
        if (known == OldRules::kUnused) known = append(old[found]);
        position = known;
      } else {
        const auto [entry, added] = positions.try_emplace(match.rule.get());
        if (added) entry->second = append(new_rule(listener, match.rule));
        position = entry->second;
      }
      host->rule_of_match_.push_back(position);
    }
    host->rules_.shrink_to_fit();
    for (const auto& pattern : host->matcher_.refused_patterns()) {
      host->problems_.push_back(
          {"host " + plan->hostname, "the regular expression \"" + pattern + "\" does not compile"});
    }
    return host;
  }

  // A rule of several virtual hosts of the listener is compiled once.
  std::shared_ptr<const CompiledRule> new_rule(const CompiledListener& listener, const plan::Ref<plan::Rule>& plan) {
    auto& rule = rules_[plan.get()];
    if (!rule) rule = compile_rule(listener, plan);
    return rule;
  }

  // Says which filters cannot be used. Those that translation could not resolve are no news.
  static void report(const CompiledRule& rule, CompiledVirtualHost& host) {
    const auto check_all = [&](Reason fault, const std::vector<plan::Filter>& filters) {
      if (fault != Reason::UnresolvedFilter) return;
      for (const auto& filter : filters) {
        if (auto checked = std::visit(CheckFilter(), filter); !checked) {
          host.problems_.push_back({describe_rule(*rule.plan), checked.error().message});
        }
      }
    };
    check_all(rule.fault, rule.plan->filters);
    for (const auto& backend : rule.backends) check_all(backend.fault, backend.plan->filters);
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
    rule->settings = listener.settings_;
    rule->series = compiler_.metrics_.rule(listener.series_, plan);
    rule->fault = fault_of(plan->filters);
    for (const auto& filter : plan->filters) {
      if (const auto* redirect = std::get_if<plan::RequestRedirect>(&filter)) rule->redirect = redirect;
    }
    rule->backends.reserve(plan->backends.size());
    for (const auto& backend : plan->backends) {
      rule->total_weight += backend.weight;
      CompiledBackendRef compiled;
      compile_backend(*rule, backend.id, backend.backend, compiled);
      compiled.plan = &backend;
      compiled.fault = compiled.backend ? fault_of(backend.filters) : Reason::BackendInvalid;
      compiled.weight_end = rule->total_weight;
      compiled.mirrors = compile_mirrors(*rule, backend.filters);
      compiled.auths = compile_auths(*rule, backend.filters);
      compiled.cors = compile_cors(backend.filters);
      if (plan->session) compiled.session_salt = session_salt(*plan, backend.id);
      rule->has_cors |= compiled.cors != nullptr;
      rule->backends.push_back(std::move(compiled));
    }
    rule->mirrors = compile_mirrors(*rule, plan->filters);
    rule->auths = compile_auths(*rule, plan->filters);
    rule->cors = compile_cors(plan->filters);
    rule->has_cors |= rule->cors != nullptr;
    return rule;
  }

  void compile_backend(const CompiledRule& rule, const std::string& id, const plan::Ref<plan::Backend>& plan,
                       CompiledBackend& compiled) {
    compiled.backend = plan.get();
    compiled.settings = rule.settings;
    if (plan) compiled.slot = compiler_.slots_->acquire(id);
    compiled.series = compiler_.metrics_.backend(rule.series, id);
  }

  static std::shared_ptr<const CorsFilter> compile_cors(const std::vector<plan::Filter>& filters) {
    for (const auto& filter : filters) {
      if (const auto* cors = std::get_if<plan::Cors>(&filter)) return std::make_shared<const CorsFilter>(*cors);
    }
    return nullptr;
  }

  std::vector<CompiledAuth> compile_auths(const CompiledRule& rule, const std::vector<plan::Filter>& filters) {
    std::vector<CompiledAuth> auths;
    for (const auto& filter : filters) {
      const auto* auth = std::get_if<plan::ExternalAuth>(&filter);
      if (!auth) continue;
      compile_backend(rule, auth->id, auth->backend, auths.emplace_back());
      auths.back().plan = auth;
    }
    return auths;
  }

  // What cannot be sent anywhere is left out: the request goes its way without.
  std::vector<CompiledMirror> compile_mirrors(const CompiledRule& rule, const std::vector<plan::Filter>& filters) {
    std::vector<CompiledMirror> mirrors;
    for (const auto& filter : filters) {
      const auto* mirror = std::get_if<plan::RequestMirror>(&filter);
      if (!mirror || !mirror->backend) continue;
      compile_backend(rule, mirror->id, mirror->backend, mirrors.emplace_back());
      mirrors.back().plan = mirror;
    }
    return mirrors;
  }

  RouteCompiler& compiler_;
  std::shared_ptr<RouteTable> table_;
  std::map<ListenerKey, std::shared_ptr<const CompiledListener>> previous_;
  std::map<std::pair<std::string, std::uint16_t>, Bind> binds_;
  std::unordered_map<const plan::Rule*, std::shared_ptr<const CompiledRule>> rules_;  // of the listener in work
};

std::shared_ptr<const RouteTable> RouteCompiler::compile(const plan::PlanSet& plans,
                                                         std::span<const std::string> default_addresses,
                                                         const RouteTable* previous) {
  Pass pass(*this, previous);
  for (const auto& plan : plans) {
    if (!plan->routing) continue;
    for (const auto& listener : plan->routing->listeners) {
      if (!is_served(listener->protocol)) continue;
      pass.add(*plan, listener,
               listener->addresses.empty() ? default_addresses : std::span<const std::string>(listener->addresses));
    }
  }
  return pass.finish();
}

}  // namespace cardea::proxy
