// SPDX-License-Identifier: Apache-2.0
// ServedPlane: a data plane with its access log, as `cardea serve` and `cardea proxy` run it: started, kept house for, drained.
// Control thread only.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "app/log_file.h"
#include "app/signals.h"
#include "async/loop.h"
#include "async/task.h"
#include "base/result.h"
#include "proxy/data_plane.h"
#include "proxy/settings.h"

namespace cardea::app {

// How often bindings that failed are asked for again, and log buffers are emptied.
inline constexpr std::chrono::milliseconds kBindRetry{2000};
inline constexpr std::chrono::milliseconds kHousekeeping{250};

// The access log that a flag names; nothing when none does.
base::Result<std::optional<LogFile>> open_access_log(const std::optional<std::string>& name);

// Whether a signal came that ends a drain at once; says so.
bool ends_at_once(std::optional<int> signal);

class ServedPlane {
 public:
  explicit ServedPlane(std::optional<LogFile> access_log) : access_log_(std::move(access_log)) {}
  ServedPlane(const ServedPlane&) = delete;
  ServedPlane& operator=(const ServedPlane&) = delete;

  // `resolve`: what names of endpoints lead to (proxy::EndpointNames).
  base::Result<> start(proxy::Settings settings, proxy::DataPlane::Resolve resolve);
  // After start() alone.
  proxy::DataPlane& plane() { return *plane_; }

  // What does not fit into buffers is dropped and counted; empties them.
  void flush_logs();
  // Somebody has renamed the log to rotate it.
  void reopen_log();
  std::uint64_t log_lines_dropped() const { return access_log_ ? access_log_->dropped_lines() : 0; }
  // Of the data plane, for the metrics page; empty before start().
  std::string metrics() const;

  // Until nothing is under way, the time is over, or a signal says that it is enough. Logs go on.
  async::Task<void> drain(async::Loop& loop, Signals& signals, std::chrono::milliseconds timeout);

 private:
  void write(std::string_view lines);

  std::optional<LogFile> access_log_;
  std::unique_ptr<proxy::DataPlane> plane_;
};

}  // namespace cardea::app
