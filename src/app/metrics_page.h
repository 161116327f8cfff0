// SPDX-License-Identifier: Apache-2.0
// The part of /metrics that is not the data plane's: the control loop and the process, as text for Prometheus (exposition
// format 0.0.4).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "control/metrics.h"

namespace cardea::app {

struct ProcessFacts {
  double cpu_seconds = 0;
  double start_time = 0;  // Unix seconds
  std::uint64_t resident_bytes = 0;
  std::uint64_t private_bytes = 0;
  std::uint64_t open_files = 0;
  std::uint64_t threads = 0;
};
// Reads /proc/self; what cannot be read stays 0.
ProcessFacts read_process_facts();

struct ServeFacts {
  std::size_t problems = 0;        // with manifests and files, now
  std::size_t bind_failures = 0;   // now
  std::uint64_t log_lines_dropped = 0;  // because the reader of the access log is too slow
  bool ready = false;
};

// What `cardea proxy` counts of its stream of plans.
struct ProxyFacts {
  std::int64_t controllers = 0;  // with a stream, now
  std::uint64_t streams = 0;
  std::uint64_t stream_failures = 0;
  std::uint64_t plans = 0;
  std::uint64_t parts = 0;
  std::size_t refusals = 0;       // of the plan, now
  std::size_t bind_failures = 0;  // now
  std::uint64_t log_lines_dropped = 0;
  bool ready = false;
};

std::string proxy_metrics(const ProxyFacts& proxy, const ProcessFacts& process);
// What `cardea controller` counts.
struct ControllerFacts {
  bool ready = false;
  bool leading = false;
  std::size_t problems = 0;  // with kinds, objects and writes, now
  std::uint64_t requests = 0;  // to the API server
  std::uint64_t request_failures = 0;
  std::uint64_t throttled = 0;
  std::uint64_t events = 0;
  std::uint64_t undecodable = 0;
  std::uint64_t watch_failures = 0;
  std::size_t referenced = 0;
  std::uint64_t status_writes = 0;
  std::uint64_t status_conflicts = 0;
  std::uint64_t status_failures = 0;
  std::uint64_t status_undone = 0;
  std::int64_t status_waiting = 0;
  std::int64_t proxies = 0;
  std::uint64_t proxies_refused = 0;
  std::uint64_t applied = 0;
  std::uint64_t deleted = 0;
  std::uint64_t provision_failures = 0;
};

std::string controller_metrics(const control::Metrics& control, const ControllerFacts& controller, const ProcessFacts& process);
std::string control_metrics(const control::Metrics& control, const ServeFacts& serve, const ProcessFacts& process);

}  // namespace cardea::app
