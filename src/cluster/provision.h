// SPDX-License-Identifier: Apache-2.0
// Provisioner: makes what each Gateway needs in the cluster (cluster/gateway_objects.h) and keeps it so, by server-side apply.
//
// It applies only what differs from what it sees, repairs what somebody changes, and deletes what is not wanted any more: what
// stands under an earlier name, and everything of a Gateway whose class is not ours any more. What belongs to a Gateway that
// is gone is the cluster's garbage collector's. It never takes over an object that is not its Gateway's. Only the leader
// writes; every replica watches. Failures are tried again, later each time; what is wrong becomes the Gateway's condition and
// an Event.
//
// Control thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/resources.h"
#include "async/scope.h"
#include "async/stop.h"
#include "async/task.h"
#include "base/backoff.h"
#include "base/counters.h"
#include "cluster/causes.h"
#include "cluster/events.h"
#include "cluster/gateway_objects.h"
#include "cluster/seen_objects.h"
#include "cluster/watch_scope.h"
#include "kube/client.h"
#include "kube/reflector.h"
#include "plan/plan.h"
#include "translate/observed.h"

namespace cardea::cluster {

struct ProvisionMetrics {
  base::Counter applied;
  base::Counter deleted;
  base::Counter failures;
};

class Provisioner {
 public:
  // `client` and `events` outlive it. `changed` is called when what observe() adds may differ; it only makes a note of that,
  // and calls nothing of this.
  Provisioner(kube::Client& client, Events& events, ProxyOptions options, const WatchScope& scope, std::function<void()> changed);
  ~Provisioner();
  Provisioner(const Provisioner&) = delete;
  Provisioner& operator=(const Provisioner&) = delete;

  // Once in its life; returns when `stop` is requested.
  async::Task<void> run(async::StopToken stop);

  // What is wanted now: objects for every Gateway that has a plan. A Gateway of ours without a plan keeps what it has.
  void want(const api::Resources& resources, const plan::PlanSet& plans);
  void set_leader(bool leader);
  // The CA that proxies are to trust. Nothing is made before it is known.
  void set_ca(std::string pem);

  // Adds what is seen of each wanted Gateway: addresses, ready proxies, what is wrong.
  void observe(translate::Observed& observed) const;

  // As which ServiceAccounts the wanted Gateways' proxies run (PlanServer::permit).
  std::map<plan::ObjectName, plan::ObjectName> gateways_by_account() const;

  const ProvisionMetrics& metrics() const { return metrics_; }

 private:
  // What should stand for one Gateway. Replaced, never changed, so that work under way keeps what it began with.
  struct Wanted {
    api::Ref<api::Gateway> gateway;
    Ports ports;
    std::vector<GatewayObject> objects;  // none: everything of the Gateway must go
  };
  struct Entry {
    std::shared_ptr<const Wanted> wanted;
    std::optional<translate::Problem> problem;
    std::uint32_t failures = 0;  // in a row
    bool under_way = false;
    async::Deadline due = async::kNever;
    base::Backoff retry;
  };
  // When the same content was applied last: who always changes it back must not keep us busy.
  struct Applied {
    std::string hash;
    async::Deadline not_before = 0;
    base::Backoff pause;
  };
  using Failure = std::optional<kube::ApiError>;

  static async::Task<void> follow(kube::Reflector* reflector, async::StopToken stop);
  static async::Task<void> follow_causes(Provisioner* self, async::StopToken stop) { co_await self->causes_.run(stop); }
  void observe_service(const Wanted& wanted, const base::Value& service, translate::GatewayObserved& own) const;
  void observe_deployment(const Wanted& wanted, const base::Value& deployment, translate::GatewayObserved& own) const;
  static async::Task<void> work_on(Provisioner* self, api::ObjectKey key);

  void add_reflector(const std::string& kind, const std::string& place);
  void take(const std::string& kind, base::Value object);
  void forget(const ObjectRef& ref);
  void touch_owner(const base::Value& object);
  void touch(Entry& entry);
  void touch_all();
  Entry& entry_of(const api::ObjectKey& key);
  void want_one(const api::Ref<api::Gateway>& gateway, const plan::Plan& plan);
  void renew(Entry& entry, const api::Ref<api::Gateway>& gateway, Ports ports);
  bool synced() const;
  void start_due();
  async::Deadline next_due() const;

  async::Task<Failure> make_so(const Wanted& wanted, async::Deadline& again);
  async::Task<Failure> apply(const ObjectRef& ref, const Wanted& wanted, const base::Value& manifest, async::Deadline& again);
  async::Task<Failure> check_owner(const ObjectRef& ref, const Wanted& wanted);
  async::Task<Failure> remove_others(const Wanted& wanted);
  void finish(Entry& entry, const Wanted& wanted, const Failure& failure, async::Deadline again);

  kube::Client& client_;
  Events& events_;
  ProxyOptions options_;
  std::function<void()> changed_;
  bool leader_ = false;
  std::vector<std::unique_ptr<kube::Reflector>> reflectors_;
  SeenObjects seen_;
  Causes causes_;
  std::map<api::ObjectKey, Entry> entries_;
  std::map<ObjectRef, Applied> applied_;
  std::size_t under_way_ = 0;
  async::Signal work_;
  async::TaskScope tasks_;
  ProvisionMetrics metrics_;
};

}  // namespace cardea::cluster
