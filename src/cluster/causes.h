// SPDX-License-Identifier: Apache-2.0
// Causes: why what was made for a Gateway does not work, in the words of the cluster: of pods of its proxies that do not start
// (ImagePullBackOff, CrashLoopBackOff, Unschedulable), and of Warnings about its Service (no address is left). So that whoever
// looks at the Gateway sees them there. Watches only; nothing depends on it, so a right that is missing costs these texts alone.
//
// Control thread only.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/meta.h"
#include "async/scope.h"
#include "async/stop.h"
#include "base/value.h"
#include "cluster/watch_scope.h"
#include "kube/reflector.h"
#include "translate/observed.h"

namespace cardea::cluster {

// What keeps a pod from becoming ready, without its name: "container proxy: ImagePullBackOff: Back-off pulling image ..."; nothing
// while it only takes its time.
std::optional<translate::Problem> pod_problem(const base::Value& pod);

class Causes {
 public:
  // Of pods with that label selector. `client` outlives it; `changed` only makes a note.
  Causes(kube::Client& client, const std::string& pods, const WatchScope& scope, std::function<void()> changed);
  ~Causes();

  // Once in its life; returns when `stop` is requested.
  async::Task<void> run(async::StopToken stop);

  // Of the pods of a Gateway's proxies, by the labels that they carry; the first one by name, and how many more.
  std::optional<translate::Problem> of_pods(std::string_view namespace_, std::string_view gateway, std::string_view gateway_class) const;
  // The last Warning about that very Service: "AllocationFailed: no address is left"; empty: none.
  std::string of_service(std::string_view namespace_, std::string_view name, std::string_view uid) const;

 private:
  struct Pod {
    std::string gateway;  // labels
    std::string gateway_class;
    std::optional<translate::Problem> problem;
  };
  struct Warning {
    std::string service;
    std::string uid;
    std::string time;
    std::string text;
  };
  static async::Task<void> follow(kube::Reflector* reflector, async::StopToken stop);
  void add(kube::Client& client, const kube::ResourceType& type, kube::ReflectorOptions options, kube::ReflectorEvents events);
  void take_pod(const base::Value& pod);
  void take_warning(const base::Value& event);

  std::function<void()> changed_;
  std::vector<std::unique_ptr<kube::Reflector>> reflectors_;
  std::map<api::ObjectKey, Pod> pods_;
  std::map<api::ObjectKey, Warning> warnings_;
  async::TaskScope tasks_;
};

}  // namespace cardea::cluster
