// SPDX-License-Identifier: Apache-2.0
// Delta: what must be said so that who has one plan can make the next one, as lines of the stream (plan/wire.h). Pure.
//
//   {"part": "<kind>", "hash": "...", "content": {...}}          its JSON form, in which other parts stand by their hash
//   {"plan": {"gateway", "generation", "routing": {"hash", "listeners": LIST, "backends": LIST, "clientCertificate"},
//             "endpoints": {"hash", "backends": LIST}, "secrets": {"hash", "certificates": LIST, "caBundles": LIST}, "settings": {"hash"}}}
//
// Parts come before those that name them, the plan last; its members that did not change are left out. A long list is
// said as what it has in common with the same list of a part that the receiver has ("like", its hash): the first "head"
// and the last "tail" items are that one's. So one changed route costs its rule and its match; one changed pod the
// endpoints of one backend.
//
// Lines are made one at a time, when they are asked for: a slow receiver costs pointers, not text.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <unordered_set>
#include <variant>
#include <vector>

#include "plan/plan.h"

namespace cardea::plan::wire {

using Hashes = std::unordered_set<Hash>;

class Delta {
 public:
  // `base`: the plan that the receiver has taken over last from this sender, or null. `held`: parts that it told it
  // holds. Sealed plans.
  Delta(Ref<Plan> base, const Hashes& held, Ref<Plan> next);

  // The next line, with its line break; nothing after the last.
  std::optional<std::string> next_line();
  std::size_t parts() const { return parts_.size(); }

 private:
  // With what its list has in common, where it has one and there is such a part.
  template <class Part>
  struct Like {
    Ref<Part> part;
    Ref<Part> like;
  };
  using Item = std::variant<Ref<Settings>, Ref<Certificate>, Ref<CaBundle>, Ref<BackendEndpoints>, Ref<Backend>, Ref<Rule>,
                            Like<VirtualHost>, Like<Listener>>;

  void collect(const Hashes& held);
  bool add(const Hash& hash, const Hashes& held);
  bool base_has(const Hash& hash);
  void add_host(const Ref<VirtualHost>& host, const Ref<VirtualHost>& like, const Hashes& held);
  void add_listener(const Ref<Listener>& listener, const Ref<Listener>& like, const Hashes& held);
  std::string plan_line() const;

  Ref<Plan> base_;
  Ref<Plan> next_;
  std::vector<Item> parts_;
  Hashes added_;                   // so that nothing is said twice
  std::optional<Hashes> of_base_;  // all parts of `base_`; made when a place alone does not tell
  std::size_t said_ = 0;
};

// The hashes of all parts of a sealed plan.
Hashes hashes_of(const Plan& plan);

}  // namespace cardea::plan::wire
