// SPDX-License-Identifier: Apache-2.0
// Assembly: the receiving side of Delta (plan/wire_delta.h). Keeps the parts of the plan that it serves, takes new ones
// as they come, and makes the next plan of them, sharing every part that stayed. Pure; one owner, one thread.
//
// Hashes are believed, not computed: two versions of the program may write the same part differently.
//
// A part that this version does not understand is refused, and everything else goes on: a rule answers 500, a backend
// takes its share of requests as one whose protocol is not supported, a match, listener or host is left out. An error
// instead means that the two sides do not agree on what was sent: start over with a new stream (what is held stays good).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "plan/json_read.h"
#include "plan/plan.h"
#include "plan/wire.h"
#include "plan/wire_delta.h"

namespace cardea::plan::wire {

class Assembly {
 public:
  // The parts that need not be sent again.
  std::vector<Hash> holding() const;

  base::Result<> add(const PartMessage& message);

  struct Made {
    Ref<Plan> plan;
    std::vector<Refusal> refusals;  // of parts of this plan
  };
  base::Result<Made> make(const PlanMessage& message);

 private:
  struct Part;  // a message, taken apart
  // As sent, with a hole for every match that was refused.
  struct HeldHost {
    Ref<VirtualHost> host;
    std::vector<std::optional<RouteMatch>> sent;  // empty: as in `host`
  };
  struct HeldListener {
    Ref<Listener> listener;
    std::vector<Hash> hosts;  // as sent, the refused ones among them
  };
  // The lists of the current plan, as sent.
  struct Lists {
    std::vector<Hash> listeners;
    std::vector<Hash> backends;
    std::vector<Hash> endpoints;
    std::vector<Hash> certificates;
    std::vector<Hash> ca_bundles;
  };

  base::Result<> add_settings(const Part& part);
  base::Result<> add_certificate(const Part& part);
  base::Result<> add_ca_bundle(const Part& part);
  base::Result<> add_endpoints(const Part& part);
  base::Result<> add_backend(const Part& part);
  base::Result<> add_rule(const Part& part);
  base::Result<> add_host(const Part& part);
  base::Result<> add_listener(const Part& part);
  base::Result<> add_unknown(const Part& part);

  bool has(const Hash& hash) const;
  // Whether the part was understood with everything in it. Of one that was not, what is made of it has another hash
  // (own_hash), so that nobody takes it for the part that it stands for, which may still come from a controller of our version.
  bool is_whole(const Hash& hash) const { return !broken_.contains(hash) && !refused_.contains(hash); }
  Hash own_hash(const Hash& sent) const;
  Hash sent_hash(const Hash& own) const;
  void refuse(const Hash& hash, std::string part, std::string reason) { refused_[hash].push_back({std::move(part), std::move(reason)}); }
  bool replace_refused_backends(Rule& rule) const;  // whether there were any
  Hashes used() const;
  void forget_unused();
  std::vector<Refusal> refusals() const;

  internal::Backends backends_;  // by hash, as the readers want it
  internal::Rules rules_;        // likewise; a refused one is a rule that answers 500
  std::unordered_map<Hash, HeldHost> hosts_;
  std::unordered_map<Hash, HeldListener> listeners_;
  std::unordered_map<Hash, Ref<BackendEndpoints>> endpoints_;
  std::unordered_map<Hash, Ref<Certificate>> certificates_;
  std::unordered_map<Hash, Ref<CaBundle>> ca_bundles_;
  std::unordered_map<Hash, Ref<Settings>> settings_;
  std::map<Hash, std::vector<Refusal>> refused_;
  Hashes broken_;  // parts that were understood, but not all that is in them

  Ref<Plan> current_;
  Lists lists_;
  std::size_t kept_ = 0;  // parts when unused ones were forgotten last
};

}  // namespace cardea::plan::wire
