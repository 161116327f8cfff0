// SPDX-License-Identifier: Apache-2.0
// ApiSource: the ResourceSource of the controller: everything that translation needs, from the API server.
//
// Each kind has a reflector (kube/reflector.h). A kind whose CRD is missing is a feature that is off; it comes alive when
// the CRD appears, in the best version that is served. Secrets and ConfigMaps are seen as metadata alone; what of them
// is read whole, and what waits for that, is in cluster/referenced.h. What cannot be decoded costs itself: its last good version
// stays. EndpointSlices pass ReadinessHold (cluster/readiness_hold.h), which doubts them for a while after an outage. Control
// thread only.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "async/scope.h"
#include "async/stop.h"
#include "base/counters.h"
#include "cluster/kinds.h"
#include "cluster/live_statuses.h"
#include "cluster/readiness_hold.h"
#include "cluster/referenced.h"
#include "cluster/undecodable.h"
#include "cluster/watch_scope.h"
#include "control/resource_source.h"
#include "kube/client.h"
#include "kube/discovery.h"
#include "kube/reflector.h"
#include "translate/observed.h"

namespace cardea::cluster {

struct SourceMetrics {
  base::Counter events;        // objects that were told by lists and watches
  base::Counter undecodable;   // events with an object that could not be decoded
  base::Counter discoveries;
};

inline constexpr std::chrono::milliseconds kOutageGrace{60'000};

class ApiSource final : public control::ResourceSource {
 public:
  // `client` and `statuses` outlive the source. `outage_grace`: for how long after an outage ready endpoints are kept; 0: not
  // at all.
  ApiSource(kube::Client& client, LiveStatuses& statuses, std::string controller_name, WatchScope scope,
            kube::ReflectorOptions options = {}, std::chrono::milliseconds outage_grace = kOutageGrace);
  ~ApiSource();

  base::Result<> start(control::Inbox& inbox) override;
  // Before it dies.
  async::Task<void> stop();

  // Raised when the inbox got something, became synced, or installed() changed.
  async::Signal& changed() { return changed_; }
  // Sorted by kind; see translate::Observed.
  std::vector<translate::InstalledKind> installed() const;
  // Where a kind is served; nothing while it is not.
  std::optional<kube::ResourceType> type_of(std::string_view kind) const;

  // What is wrong now: kinds that cannot be followed, objects that cannot be decoded, Secrets that cannot be read.
  std::vector<std::string> problems() const;
  // Why the first full picture is not there yet; empty: it is.
  std::string waiting_for() const;
  const Undecodables& undecodable() const { return undecodable_; }
  // Rises with each change to them.
  std::size_t undecodable_changes() const { return undecodable_changes_; }
  const SourceMetrics& metrics() const { return metrics_; }
  const Referenced& referenced() const { return referenced_; }
  std::uint64_t watch_failures() const;

 private:
  // A kind that is served: its reflectors, one for each namespace of the scope.
  struct Followed {
    const KindRule* rule = nullptr;
    kube::ResourceType type;
    std::vector<std::unique_ptr<kube::Reflector>> reflectors;
    async::StopSource stop;
    std::size_t running = 0;
    bool missing = false;  // the API server does not serve it any more
  };

  static async::Task<void> follow(ApiSource* self, Followed* followed, kube::Reflector* reflector);
  static async::Task<void> follow_definitions(ApiSource* self);
  static async::Task<void> keep_discovering(ApiSource* self);

  async::Task<bool> discover();
  void adopt(const KindRule& rule, std::optional<kube::ResourceType> type);
  void begin(const KindRule& rule, kube::ResourceType type);
  std::unique_ptr<kube::Reflector> make_reflector(const KindRule& rule, const kube::ResourceType& type, const std::string& place);

  void put(const KindRule& rule, base::Value object);
  void erase(const KindRule& rule, const api::ObjectKey& key);
  static async::Task<void> end_hold(ApiSource* self);
  void look_for_outage();
  void tell(const ReadinessHold::Slices& slices);
  void put_namespace(const api::ObjectKey& key, const api::StringMap* labels);
  void put_definition(const base::Value& definition);
  bool in_scope(std::string_view namespace_) const;
  void look_at_sync();
  void raise();

  kube::Client& client_;
  LiveStatuses& statuses_;
  WatchScope scope_;
  kube::ReflectorOptions reflector_options_;
  control::Inbox* inbox_ = nullptr;
  async::TaskScope tasks_;
  async::StopSource stop_;
  async::Signal changed_;
  async::Signal discover_wanted_;
  bool discovery_due_ = true;
  bool discovered_ = false;
  std::string discovery_problem_;

  std::map<std::string_view, std::unique_ptr<Followed>> followed_;  // by kind
  std::vector<std::unique_ptr<Followed>> ended_;                    // until the source dies
  std::unique_ptr<kube::Reflector> definitions_;
  std::map<std::string, translate::InstalledKind> definition_facts_;  // by the CRD's name
  std::set<std::string, std::less<>> selected_;                       // namespaces of the selector
  Referenced referenced_;
  std::chrono::milliseconds outage_grace_;
  ReadinessHold readiness_;
  std::optional<async::Deadline> outage_seen_;  // when the one ended for which `readiness_` was opened last
  Undecodables undecodable_;
  std::size_t undecodable_changes_ = 0;
  SourceMetrics metrics_;
};

}  // namespace cardea::cluster
