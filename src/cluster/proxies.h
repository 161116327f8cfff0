// SPDX-License-Identifier: Apache-2.0
// Proxies: which plans each Gateway had lately, which proxies call for it, and what these say they serve. Pure bookkeeping:
// time is told. Owned by PlanServer; control thread only.
//
// A proxy says which plan is live by the hashes of its parts, so this knows it again whichever controller sent it. One
// that does not call any more is counted for a while longer: it may be between two streams.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "plan/plan.h"
#include "plan/wire.h"
#include "translate/observed.h"

namespace cardea::cluster {

class Proxies {
 public:
  using Stream = std::uint64_t;  // never given twice
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::seconds kGrace{5};
  static constexpr std::size_t kKeptPlans = 64;  // of a Gateway

  void publish(const plan::PlanSet& plans);
  bool published() const { return published_; }
  // What the Gateway's proxies should serve: a plan without anything where it has none. After publish().
  plan::Ref<plan::Plan> newest(const plan::ObjectName& gateway) const;

  // A proxy of that name calls. It may call several times, where we have several addresses; what an earlier run of it said
  // does not count any more.
  void connected(Stream stream, const plan::ObjectName& gateway, const std::string& name, const std::string& instance);
  void reported(Stream stream, const plan::wire::Report& report);
  void disconnected(Stream stream, Time now);

  // Forgets those that have been gone for long; when to call again, if there are others that may have to go.
  std::optional<Time> forget_gone(Time now);

  // Of every Gateway with a plan: what is served, by whom not yet, what was refused.
  translate::Observed observed() const;
  std::size_t size() const { return proxies_.size(); }

 private:
  struct Proxy {
    std::string instance;
    std::set<Stream> streams;
    std::optional<Time> gone;  // since when there is none
    plan::wire::Report report;
    plan::Ref<plan::Plan> serves;  // as far as we know that plan
    std::uint64_t version = 0;     // of `serves`
  };
  struct Published {
    plan::Ref<plan::Plan> plan;
    plan::wire::PlanId id;
    std::uint64_t version;
  };
  using Key = std::pair<plan::ObjectName, std::string>;  // Gateway, name of the proxy

  Proxy* find(Stream stream);
  void recognise(const plan::ObjectName& gateway, Proxy& proxy) const;
  void observe(const plan::ObjectName& gateway, const Published& newest, translate::GatewayObserved& observed) const;

  bool published_ = false;
  std::uint64_t version_ = 0;
  std::map<plan::ObjectName, std::deque<Published>> plans_;  // the newest last
  std::map<plan::ObjectName, plan::Ref<plan::Plan>> current_;
  std::map<Key, Proxy> proxies_;
  std::map<Stream, Key> streams_;
};

}  // namespace cardea::cluster
