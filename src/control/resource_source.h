// SPDX-License-Identifier: Apache-2.0
// ResourceSource: where objects come from. A seam with two implementations: watched files (standalone::FileSource) and
// the Kubernetes API server (cluster). Control thread only.
#pragma once

#include "base/result.h"
#include "control/inbox.h"

namespace cardea::control {

class ResourceSource {
 public:
  virtual ~ResourceSource() = default;

  // Begins to put every object, and from then on every change, into `inbox`, which outlives the source. An object that
  // cannot be decoded is the source's to report; its last good version stays.
  virtual base::Result<> start(Inbox& inbox) = 0;
};

}  // namespace cardea::control
