// SPDX-License-Identifier: Apache-2.0
// StatusWriter: the StatusSink of the controller: brings the statuses of translation to the API server (facts, 2.0).
//
// One update an object, with all its conditions at one generation, merged with what stands there (cluster/status_merge.h),
// and none at all where it stands there already. Objects that wait are a set of keys: the newest status counts, however
// often it changed. Only the leader writes. A status that says Pending is held back for a moment, because the proxies'
// acknowledgements are usually on their way. An object on which somebody undoes what we write is written less and less
// often: no fight. Control thread only.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "async/scope.h"
#include "base/backoff.h"
#include "base/clock.h"
#include "base/counters.h"
#include "base/hash.h"
#include "cluster/live_statuses.h"
#include "control/status_sink.h"
#include "kube/client.h"

namespace cardea::cluster {

struct StatusMetrics {
  base::Counter writes;     // updates that the API server took
  base::Counter conflicts;  // somebody changed the object meanwhile: read and merged again
  base::Counter failures;   // updates that it refused, or that did not reach it
  base::Counter undone;     // times that an entry of ours had been changed by somebody else
  base::Gauge waiting;      // objects whose status is to be written
};

class StatusWriter final : public control::StatusSink {
 public:
  struct Settings {
    std::chrono::milliseconds hold{1000};  // of a status that says Pending
    // After our start, of one that would take back a Programmed that stands there: proxies that serve it have to find us
    // before they can say so.
    std::chrono::milliseconds first_hold{10'000};
    std::size_t at_once = 8;               // updates under way
    std::chrono::milliseconds first_retry{200};
    std::chrono::milliseconds most_retry{60'000};
  };
  // Where a kind is served; nothing while it is not.
  using TypeOf = std::function<std::optional<kube::ResourceType>(std::string_view kind)>;

  // All outlive the writer. `settings`: usually {}.
  StatusWriter(kube::Client& client, LiveStatuses& live, TypeOf type_of, std::string controller_name, base::WallTime (*now)(),
               Settings settings);

  // Once in its life; returns after stop().
  async::Task<void> run();
  void stop();

  void write(const control::Statuses& statuses) override;
  void set_leading(bool leading);

  // All that is to stand, sorted by object.
  const control::Statuses& wanted() const { return wanted_; }
  const StatusMetrics& metrics() const { return metrics_; }
  std::vector<std::string> problems() const;

 private:
  // What we know of our writing to an object; gone with the object.
  struct History {
    base::Backoff backoff;
    bool writing = false;
    bool wrote = false;     // what is wanted was brought there
    base::Hash128 stored{};  // the status as the server answered: an older CRD drops what it does not know
    std::string problem;
  };

  static async::Task<void> write_one(StatusWriter* self, api::ObjectId id);
  // Nothing: it stands there, or cannot. Otherwise when to try again.
  async::Task<std::optional<std::chrono::milliseconds>> bring(const api::ObjectId& id);
  void take_over(const api::ObjectId& id, const std::string& uid, const base::Value& object);
  base::Value content_for(const api::ObjectId& id, const kube::ResourceType& type, const LiveStatus& live, base::Value status) const;

  void live_changed(const api::ObjectId& id);
  void consider(const api::ObjectId& id);
  void consider_all();
  void enqueue(const api::ObjectId& id, async::Deadline not_before);
  void note_change(const api::ObjectId& id, const translate::ObjectStatus* status);
  async::Deadline hold_of(const api::ObjectId& id) const;
  History& history(const api::ObjectId& id);
  const translate::ObjectStatus* find_wanted(const api::ObjectId& id) const;
  // What must be written to an object; nothing when it stands there, or is none of our business.
  std::optional<base::Value> missing_on(const api::ObjectId& id, const LiveStatus& live) const;
  // For an object that is not ours any more, of a kind whose status does not say whose entries it holds: nothing at all, as
  // long as we were the last to write it, be it before a restart; else it is another controller's already.
  std::optional<base::Value> emptied(const LiveStatus& live) const;

  kube::Client& client_;
  LiveStatuses& live_;
  TypeOf type_of_;
  std::string controller_name_;
  std::string field_manager_;  // as whom we write: one for each controllerName
  base::WallTime (*now_)();
  Settings settings_;
  async::Deadline proxies_expected_;  // until then they may not have found us
  async::TaskScope tasks_;
  async::Signal work_;
  bool leading_ = false;
  bool stopping_ = false;
  bool complete_ = false;  // write() was called: what is not wanted is known too
  control::Statuses wanted_;
  std::map<api::ObjectId, async::Deadline> held_;  // until when, of those that say Pending
  // Those that wait, and their order: by when they may be written, then by how long they wait.
  struct Place {
    async::Deadline not_before = 0;
    std::uint64_t number = 0;
    auto operator<=>(const Place&) const = default;
  };
  std::map<api::ObjectId, Place> waiting_;
  std::map<Place, api::ObjectId> order_;
  std::uint64_t next_number_ = 0;
  std::map<api::ObjectId, History> histories_;
  std::size_t under_way_ = 0;
  StatusMetrics metrics_;
};

}  // namespace cardea::cluster
