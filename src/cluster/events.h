// SPDX-License-Identifier: Apache-2.0
// Events: tells people what happened to an object where they look for it (`kubectl describe`). Best effort: an Event that
// cannot be written is dropped, and what was said last about an object is not said again. Control thread only.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "api/gateway.h"
#include "async/scope.h"
#include "async/task.h"
#include "base/value.h"
#include "kube/client.h"

namespace cardea::cluster {

struct EventSubject {
  std::string api_version;
  std::string kind;
  std::string namespace_;  // empty: cluster-scoped
  std::string name;
  std::string uid;
};
EventSubject subject_of(const api::Gateway& gateway);

// As the API takes it (core/v1 Event). `now`: RFC 3339.
base::Value event_of(const EventSubject& subject, std::string_view type, std::string_view reason, std::string_view message,
                     const std::string& now);

class Events {
 public:
  explicit Events(kube::Client& client) : client_(client), tasks_(client.loop()) {}

  // `reason` is a word for machines: "ProvisioningFailed".
  void warn(const EventSubject& subject, std::string_view reason, std::string message);
  // What was said about the object under that reason is over: the same may be said again.
  void forget(const std::string& uid, std::string_view reason) { said_.erase({uid, std::string(reason)}); }

  std::uint64_t dropped() const { return dropped_; }
  // Before it dies.
  async::Task<void> close() { return tasks_.close(); }

 private:
  static async::Task<void> write(Events* self, std::string namespace_, base::Value event);

  kube::Client& client_;
  async::TaskScope tasks_;
  std::map<std::pair<std::string, std::string>, std::string> said_;  // by uid and reason
  std::uint64_t dropped_ = 0;
};

}  // namespace cardea::cluster
