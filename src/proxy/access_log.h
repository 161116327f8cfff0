// SPDX-License-Identifier: Apache-2.0
// The access log of one worker: JSON lines in a bounded buffer, which the control thread empties. A worker never waits:
// what does not fit is dropped and counted. Nothing allocates after construction.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "base/counters.h"
#include "plan/plan.h"
#include "proxy/failure.h"

namespace cardea::proxy {

// What a line says. Absent things are empty, null or 0 and then left out of the line.
struct AccessLogEntry {
  base::WallTime time;  // when the request began
  std::string_view request_id;
  std::string_view trace_id;
  std::string_view client;  // "192.0.2.1:40112", or an address that a trusted proxy named
  std::string_view peer;    // that proxy: "192.0.2.1:40112"
  const plan::ObjectName* gateway = nullptr;
  const plan::Listener* listener = nullptr;
  const plan::Rule* rule = nullptr;
  std::string_view backend;   // "namespace/name:port"
  std::string_view endpoint;  // "10.0.0.7:8080"
  std::string_view method;
  std::string_view host;
  std::string_view path;      // as the client sent it, with the query
  std::string_view protocol;  // "HTTP/1.1"
  std::string_view user_agent;
  std::uint16_t status = 0;
  std::uint16_t backend_status = 0;       // when it differs from `status`, or we failed after it
  Failure failure;                        // why, when the gateway made the status or cut the response short
  std::optional<unsigned> grpc_status;    // what the gateway told a client of gRPC
  bool status_by_backend = false;         // who made the status: the backend, or (false) the gateway
  std::chrono::microseconds duration{0};  // first byte of the request to the end of the response
  std::chrono::microseconds backend_duration{
      -1};                     // last attempt: choice of an endpoint to the response head; < 0: none
  std::uint64_t bytes_in = 0;  // of the bodies
  std::uint64_t bytes_out = 0;
  std::uint32_t tries = 0;  // attempts at backends
};

class AccessLog {
 public:
  // Texts from outside are cut to this many bytes (before escaping), and marked with "..." where they were.
  static constexpr std::size_t kMaxText = 2048;

  // `capacity` is raised to hold at least two longest lines. The counters belong to the worker.
  AccessLog(std::size_t capacity, base::Counter& lines, base::Counter& dropped);

  // The worker's thread.
  void write(const AccessLogEntry& entry);

  // The control thread: gives whole lines, in order, in at most a few calls, and frees their place. Whether there were
  // any.
  bool drain(const std::function<void(std::string_view lines)>& sink);

 private:
  bool append(std::string_view line);

  std::size_t capacity_;
  std::unique_ptr<char[]> ring_;
  std::unique_ptr<char[]> scratch_;
  base::Counter& lines_;
  base::Counter& dropped_;
  // Positions only rise; their place in the ring is the rest by capacity_. A line never wraps: the end of the ring is
  // filled with zero bytes, which no line contains.
  alignas(64) std::atomic<std::uint64_t> written_{0};
  alignas(64) std::atomic<std::uint64_t> read_{0};
};

}  // namespace cardea::proxy
