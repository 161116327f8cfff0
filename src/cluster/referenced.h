// SPDX-License-Identifier: Apache-2.0
// Referenced: the Secrets and ConfigMaps that our objects refer to and may (cluster/referrers.h). Reads them whole, and lets
// what refers to them into the inbox only after them, so that no plan is made without them by chance; what an object referred
// to before leaves the inbox only when its new version enters. Control thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "async/scope.h"
#include "async/stop.h"
#include "base/counters.h"
#include "cluster/references.h"
#include "cluster/referrers.h"
#include "control/inbox.h"
#include "kube/client.h"

namespace cardea::cluster {

struct ReferencedEvents {
  // Whether that namespace is looked at; in another everything is as if it were not there.
  std::function<bool(std::string_view namespace_)> in_scope;
  // After a read: the inbox may have got something, and waiting() may be another.
  std::function<void()> loaded;
};

class Referenced {
 public:
  // `client` outlives it.
  Referenced(kube::Client& client, std::string controller_name, ReferencedEvents events);

  // Before anything else; `inbox` outlives it.
  void start(control::Inbox& inbox) { inbox_ = &inbox; }
  // Before it dies, and after the last of the calls below.
  async::Task<void> stop();

  // An object of any other kind that is new or changed: enters the inbox, at once or later. One that is gone leaves it at once.
  void put(const api::ObjectId& id, api::Object object);
  void erase(const api::ObjectId& id);
  // A Secret or ConfigMap is there in that version (resourceVersion); empty: it is gone, or who knows.
  void told(const api::ObjectId& id, std::string_view version);
  // The scope of a namespace is another now.
  void read_again(std::string_view namespace_);

  // One that waits to enter the inbox for the first time or anew; null: none.
  const api::ObjectId* waiting() const { return waiting_.empty() ? nullptr : &waiting_.begin()->first; }
  // What is wrong now: those that cannot be read or decoded.
  std::vector<std::string> problems() const;
  std::size_t size() const { return references_.size(); }
  const base::Counter& reads() const { return reads_; }

 private:
  struct Load {
    bool reading = false;
    bool again = false;   // it may have changed while it was read
    bool known = false;   // was read since it is wanted, or cannot be
    std::string read_version;
    std::string told_version;  // by the watch
    std::string problem;
  };
  // For the Secrets and ConfigMaps without which they must not be seen: those that they refer to, or, of a GatewayClass or
  // a ReferenceGrant, those that others may refer to by it.
  struct Waiting {
    api::Object object;
    std::set<api::ObjectId> needs;
  };

  static async::Task<void> read(Referenced* self, api::ObjectId id);

  // Takes over what they refer to now, by a change of `cause`; what of it is not known yet. What they refer to no more is
  // kept until that change is seen.
  std::set<api::ObjectId> refer(const api::ObjectId& cause, const std::vector<api::ObjectId>& referrers);
  void show(const api::ObjectId& id, api::Object object);
  void apply(const References::Change& change);
  // `version`: as the watch told; empty: whatever it is.
  void load(const api::ObjectId& id, std::string_view version = {});
  void loaded(const api::ObjectId& id);
  bool is_known(const api::ObjectId& id) const;

  kube::Client& client_;
  ReferencedEvents events_;
  control::Inbox* inbox_ = nullptr;
  async::TaskScope tasks_;
  async::StopSource stop_;
  Referrers referrers_;
  References references_;
  std::map<api::ObjectId, Load> loads_;
  std::map<api::ObjectId, Waiting> waiting_;
  base::Counter reads_;
};

}  // namespace cardea::cluster
