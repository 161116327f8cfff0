// SPDX-License-Identifier: Apache-2.0
// PlanSink: where plans go. A seam with two implementations: the data plane in this process (standalone::LocalPlanSink)
// and streams to proxies (cluster). Control thread only.
#pragma once

#include "plan/plan.h"
#include "translate/observed.h"

namespace cardea::control {

class PlanSink {
 public:
  virtual ~PlanSink() = default;

  // From now on exactly these plans are to be served. Parts that did not change are the same pointers as before. A rule
  // never goes live before its endpoints. May return before the plans are live: observed() tells when they are.
  virtual void publish(const plan::PlanSet& plans) = 0;

  // What the data planes have acknowledged, refused and bound so far.
  virtual translate::Observed observed() const = 0;
};

}  // namespace cardea::control
