// SPDX-License-Identifier: Apache-2.0
// RouteTable: a set of plans compiled for speed. Binds hold listeners, listeners hold virtual hosts, virtual hosts hold
// matchers and rules. Listeners of several Gateways on one address and port stand beside each other as if they were one
// Gateway's.
//
// Built by RouteCompiler and freed on the control thread; immutable; read by every worker. Workers keep plain pointers
// and references into a table that the control thread holds for them: they never copy a shared_ptr of it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/head.h"
#include "http/text_arena.h"
#include "plan/plan.h"
#include "proxy/balance.h"
#include "proxy/data_plane.h"
#include "proxy/effective_settings.h"
#include "proxy/failure.h"
#include "proxy/filter/cors.h"
#include "proxy/host_index.h"
#include "proxy/matcher.h"
#include "proxy/metrics.h"

namespace cardea::proxy {

// Whom a rule sends something to.
struct CompiledBackend {
  const plan::Backend* backend = nullptr;   // null when the plan has a fault for it
  std::shared_ptr<const BackendSlot> slot;  // null with it
  std::shared_ptr<BackendSeries> series;
  const EffectiveSettings* settings = nullptr;  // its listener's
};

// The backend of a RequestMirror filter.
struct CompiledMirror : CompiledBackend {
  const plan::RequestMirror* plan = nullptr;
};

// The backend of an ExternalAuth filter; without one nothing passes.
struct CompiledAuth : CompiledBackend {
  const plan::ExternalAuth* plan = nullptr;
};

struct CompiledBackendRef : CompiledBackend {
  const plan::BackendRef* plan = nullptr;  // filters and id
  // Why a request that this one is picked for gets no backend: BackendInvalid, UnresolvedFilter; usually None.
  Reason fault = Reason::None;
  std::uint32_t weight_end = 0;  // sum of the weights up to this one
  std::vector<CompiledMirror> mirrors;  // of its own filters
  std::vector<CompiledAuth> auths;
  std::shared_ptr<const CorsFilter> cors;
  std::uint64_t session_salt = 0;  // 0: the rule has no session persistence
};

struct CompiledRule {
  plan::Ref<plan::Rule> plan;
  // Why every request gets an error before any filter runs: UnresolvedFilter, also for a filter whose texts could not
  // stand in a message; usually None.
  Reason fault = Reason::None;
  const plan::RequestRedirect* redirect = nullptr;  // the filter that answers in place of backends
  std::vector<CompiledBackendRef> backends;         // as in the plan
  std::uint32_t total_weight = 0;                   // 0: NoBackends, unless there is a redirect
  std::vector<CompiledMirror> mirrors;              // of its own filters
  std::vector<CompiledAuth> auths;
  std::shared_ptr<const CorsFilter> cors;
  bool has_cors = false;  // of its own or of a backendRef
  std::shared_ptr<RuleSeries> series;
  const EffectiveSettings* settings = nullptr;  // its listener's
};

class CompiledVirtualHost {
 public:
  CompiledVirtualHost(plan::Ref<plan::VirtualHost> host, RegexCache& regexes) : plan_(host), matcher_(host, regexes) {}

  const plan::VirtualHost& plan() const { return *plan_; }
  const plan::Ref<plan::VirtualHost>& plan_ref() const { return plan_; }
  // Null: nothing here fits.
  const CompiledRule* match(const http::RequestHead& request, http::TextArena& arena, const Announced* announced) const {
    const std::uint32_t found = matcher_.find(request, arena, announced);
    return found == Matcher::kNone ? nullptr : rules_[rule_of_match_[found]].get();
  }
  const std::vector<std::shared_ptr<const CompiledRule>>& rules() const { return rules_; }

 private:
  friend class RouteCompiler;
  struct Problem {
    std::string part;
    std::string reason;
  };
  friend class CompiledListener;

  plan::Ref<plan::VirtualHost> plan_;
  Matcher matcher_;
  std::vector<std::shared_ptr<const CompiledRule>> rules_;  // each once
  std::vector<std::uint32_t> rule_of_match_;
  std::vector<Problem> problems_;  // what of it was refused
};

class CompiledListener {
 public:
  const plan::Listener& plan() const { return *plan_; }
  const plan::ObjectName& gateway() const { return gateway_; }
  bool is_tls() const { return plan_->protocol == plan::Protocol::HTTPS; }
  // The scheme of its requests: "http" or "https".
  std::string_view scheme() const { return is_tls() ? "https" : "http"; }
  ListenerSeries& series() const { return *series_; }
  // Its Gateway's; kept as long as the data plane.
  const EffectiveSettings& settings() const { return *settings_; }
  // Names the listener (Gateway or ListenerSet, and its name) in every table of this process; never 0.
  std::uint64_t id() const { return series_->id; }

  // The rule for a request whose host this listener was chosen for: hostnames that match from the most specific on,
  // each with its own precedence. Null: NoRoute.
  const CompiledRule* match_route(const http::RequestHead& request, http::TextArena& arena,
                                  const Announced* announced = nullptr) const;

  const std::vector<std::shared_ptr<const CompiledVirtualHost>>& virtual_hosts() const { return hosts_; }

 private:
  friend class RouteCompiler;
  plan::ObjectName gateway_;
  plan::Ref<plan::Listener> plan_;
  const EffectiveSettings* settings_ = nullptr;
  std::shared_ptr<ListenerSeries> series_;
  std::vector<std::shared_ptr<const CompiledVirtualHost>> hosts_;
  HostIndex index_;
};

// What a TLS connection is entitled to: the listener that its SNI chose when it was made.
struct TlsIdentity {
  std::uint64_t listener_id = 0;
  std::string_view sni{};  // normalised as a host; empty: none was sent
  std::uint64_t client_terms = 0;  // TlsTable::client_terms() then
};

struct ListenerChoice {
  const CompiledListener* listener = nullptr;
  Reason reason = Reason::None;  // NoListener or Misdirected when there is none
};

// One address and port, and every listener there.
class Bind {
 public:
  const std::string& address() const { return address_; }  // as it was asked for: an IP address
  std::uint16_t port() const { return port_; }             // where it really listens
  bool is_tls() const { return tls_; }
  BindSeries& series() const { return *series_; }
  // What holds for its connections, until a request has found its listener: that of the first listener's Gateway.
  const EffectiveSettings& settings() const { return listeners_.front()->settings(); }
  const std::vector<std::shared_ptr<const CompiledListener>>& listeners() const { return listeners_; }

  // TLS binds. The listener whose certificate a ClientHello gets: by SNI, without one (or without a match) the listener
  // without a hostname. Null: refuse the handshake. `sni` is normalised as a host.
  const CompiledListener* listener_for_sni(std::string_view sni) const;

  // The listener that an established TLS connection belongs to under this table: the one of its handshake while SNI
  // still chooses it, else null. To be asked once per connection and table.
  const CompiledListener* entitled(const TlsIdentity& identity) const;

  // Isolation: only the most specific listener for `host` may answer. On TLS binds that must be `connection`, the
  // result of entitled(): 421 when it is another, 404 when there is none (facts, 6.9).
  ListenerChoice choose(std::string_view host, const CompiledListener* connection) const;

 private:
  friend class RouteCompiler;
  std::string address_;
  std::uint16_t port_ = 0;
  bool tls_ = false;
  std::shared_ptr<BindSeries> series_;
  std::vector<std::shared_ptr<const CompiledListener>> listeners_;
  HostIndex index_;
};

class RouteTable {
 public:
  const std::vector<Bind>& binds() const { return binds_; }  // by address, then port
  const Bind* find_bind(std::string_view address, std::uint16_t port) const;
  // Every listener that is served, each once, also where it has several addresses.
  const std::vector<std::shared_ptr<const CompiledListener>>& listeners() const { return listeners_; }
  // What could not be taken over; the rest is live.
  const std::vector<Refusal>& refusals() const { return refusals_; }

 private:
  friend class RouteCompiler;
  std::vector<Bind> binds_;
  std::vector<std::shared_ptr<const CompiledListener>> listeners_;
  std::vector<Refusal> refusals_;
};

}  // namespace cardea::proxy
