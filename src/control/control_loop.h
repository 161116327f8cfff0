// SPDX-License-Identifier: Apache-2.0
// ControlLoop: from changes of objects to plans that are served and statuses that say so.
//
//   inbox -> store -> translate -> publish -> what the data planes answer -> translate again -> statuses
//
// It waits for the first full sync, works on batches, and does nothing when nothing changed. Plain events: whoever owns the
// thread calls run() after the source put something, or after a data plane answered. Control thread only.
#pragma once

#include <chrono>
#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "control/inbox.h"
#include "control/metrics.h"
#include "control/plan_sink.h"
#include "control/status_sink.h"
#include "control/store.h"
#include "plan/diff.h"
#include "translate/options.h"
#include "translate/translate.h"

namespace cardea::control {

// What one run() did, for those who tell people.
struct Outcome {
  struct GatewayChange {
    plan::ObjectName gateway;
    bool added = false;
    bool removed = false;
    plan::Difference difference;  // when neither
  };
  std::size_t changes = 0;  // of objects
  bool translated = false;
  bool published = false;
  std::chrono::microseconds live_after{0};  // from the start of the run until the sink had taken the plans
  std::vector<GatewayChange> gateways;
  std::vector<std::string> notes;  // each is said once in a process's life, unless it went away and came back
  std::vector<std::shared_ptr<const translate::ObjectStatus>> statuses;  // that are new or differ from before
};

class ControlLoop {
 public:
  // The sinks outlive the loop.
  ControlLoop(translate::Options options, PlanSink& plans, StatusSink& statuses);

  Inbox& inbox() { return inbox_; }

  // Works off what gathered and what data planes answered. Nothing before the first full sync.
  Outcome run();

  const translate::Translation& current() const { return current_; }
  api::Resources resources() const { return store_.snapshot(); }
  const translate::Observed& observed() const { return observed_; }
  const Metrics& metrics() const { return metrics_; }

 private:
  void translate_now();
  bool publish_if_changed(Outcome& outcome);
  void report(Outcome& outcome, const Statuses& before);

  translate::Options options_;
  PlanSink& plan_sink_;
  StatusSink& status_sink_;
  Inbox inbox_;
  Store store_;
  translate::Observed observed_;
  translate::Translation current_;
  plan::PlanSet published_;
  std::set<std::string> notes_;  // said and still true
  bool started_ = false;
  bool published_once_ = false;
  bool reported_once_ = false;
  Metrics metrics_;
};

}  // namespace cardea::control
