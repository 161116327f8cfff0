// SPDX-License-Identifier: Apache-2.0
// ReadinessHold: which endpoints are taken for ready just after an outage of the API server.
//
// A cluster whose API server was away finds every node silent when it comes back, declares all their pods not ready, and
// takes that back seconds later, when the kubelets have reported (docs/decisions/007). So for a while after an outage a
// Service whose last ready endpoint goes keeps those that were ready before, as long as they exist and are not
// terminating. As soon as the cluster says of one that it is ready, the Service is as the cluster says; so it is in every
// other situation, and a pod's own readiness counts.
//
// A value without I/O or time: whoever owns it (ApiSource) opens and closes it. Control thread only.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "api/endpoint_slice.h"
#include "api/meta.h"
#include "api/object.h"

namespace cardea::cluster {

class ReadinessHold {
 public:
  using Slice = api::Ref<api::EndpointSlice>;
  using Slices = std::vector<Slice>;

  // A new or changed slice. Gives every slice that is to be told anew, as it is to be told.
  [[nodiscard]] Slices put(Slice slice);
  // One that is gone; gives the others of its Service that are to be told anew.
  [[nodiscard]] Slices erase(const api::ObjectKey& key);

  // Again, when there was another outage meanwhile.
  void open();
  // Gives what was held back.
  [[nodiscard]] Slices close();
  bool is_open() const { return open_; }

  // Services that are held now.
  std::size_t held() const;

 private:
  struct Entry {
    Slice live;   // as the cluster says
    Slice told;   // as translation sees it
  };
  struct Service {
    std::map<std::string, Entry, std::less<>> slices;  // by name
    // Addresses that were ready when the first change since open() came; nothing before that.
    std::optional<std::set<std::string, std::less<>>> ready_before;
    bool held = false;
    bool settled = false;  // since open(), one was ready after none had been
  };

  void note_before(Service& service) const;
  Slices look_at(Service& service) const;

  bool open_ = false;
  std::map<api::ObjectKey, Service> services_;              // by namespace and name
  std::map<api::ObjectKey, api::ObjectKey> service_of_;     // by slice
};

}  // namespace cardea::cluster
