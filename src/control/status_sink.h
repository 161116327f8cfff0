// SPDX-License-Identifier: Apache-2.0
// StatusSink: where statuses go. A seam with two implementations: a folder (standalone::StatusFolder) and the Kubernetes
// API server (cluster). It knows what stands there, keeps the entries of others, gives a condition that flips its
// lastTransitionTime and writes only what differs. Control thread only.
#pragma once

#include <memory>
#include <vector>

#include "translate/status/status.h"

namespace cardea::control {

using Statuses = std::vector<std::shared_ptr<const translate::ObjectStatus>>;

class StatusSink {
 public:
  virtual ~StatusSink() = default;

  // Every status that is ours to write now; for objects that are no longer among them nothing of ours may stay.
  virtual void write(const Statuses& statuses) = 0;
};

}  // namespace cardea::control
