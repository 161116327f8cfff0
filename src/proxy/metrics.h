// SPDX-License-Identifier: Apache-2.0
// What the data plane counts, in the words of the Gateway API, and its text for Prometheus (exposition format 0.0.4).
//
// A series is a set of labels (a bind, a listener, a rule of a route under a listener, a backend of such a rule) with
// one block of counters per worker. The control thread makes series when it compiles a route table and compiled parts
// hold them, so a worker reaches its counters by one pointer: no hashing, no lock. A block exists from the worker's
// first use: a route without traffic costs no counters and no line of output. The series of equal labels is one object
// across recompiles; when the last table that names it is freed (on the control thread), it is gone from the output.
//
// Threads: making and freeing series, and render(), belong to the control thread. Blocks are written by their worker
// alone and read by render().
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/counters.h"
#include "plan/plan.h"
#include "proxy/failure.h"

namespace cardea::proxy {

// Upper bounds of durations, in microseconds (0.5 ms to 60 s).
inline constexpr std::array<std::uint64_t, 16> kDurationBounds = {
    500,     1'000,   2'500,     5'000,     10'000,    25'000,     50'000,     100'000,
    250'000, 500'000, 1'000'000, 2'500'000, 5'000'000, 10'000'000, 30'000'000, 60'000'000};

// Counts per status code: usual codes have a counter each, the rest one per class (label code="4xx").
class StatusCounters {
 public:
  static constexpr std::array<std::uint16_t, 36> kCodes = {101, 200, 201, 202, 204, 206, 301, 302, 303, 304, 307, 308,
                                                           400, 401, 403, 404, 405, 406, 408, 409, 410, 412, 413, 414,
                                                           415, 416, 417, 421, 422, 429, 431, 499, 500, 502, 503, 504};
  static constexpr std::size_t kClasses = 6;  // "1xx" to "5xx", and what is none of them

  void record(std::uint16_t status);
  // In the order of kCodes, then of classes.
  static constexpr std::size_t kSize = kCodes.size() + kClasses;
  std::uint64_t value(std::size_t i) const { return counters_[i].value(); }
  static std::string_view label(std::size_t i);

 private:
  std::array<base::Counter, kSize> counters_;
};

class ReasonCounters {
 public:
  void record(Reason reason) { counters_[static_cast<std::size_t>(reason)].add(); }
  std::uint64_t value(std::size_t i) const { return counters_[i].value(); }

 private:
  std::array<base::Counter, kReasons> counters_;
};

// Connections of HTTP/2 that we ended for a fault of the client, by H2Server::fault(): floods of some kind, and errors.
class Http2FaultCounters {
 public:
  static constexpr std::array<std::string_view, 18> kNames = {
      "resets",      "settings",   "pings",    "window_updates", "small_windows", "empty_data", "other_frames", "continuations", "field_list",
      "protocol",    "frame_size", "preface",  "flow_control",   "compression",   "stalled",    "head_timeout", "library",       "other"};
  void record(std::string_view fault);
  std::uint64_t value(std::size_t i) const { return counters_[i].value(); }

 private:
  std::array<base::Counter, kNames.size()> counters_;
};

// --- Blocks: what one worker counts for one series ------------------------------------------------------------------

struct BindCounters {
  base::Counter connections;
  base::Gauge active_connections;
  base::Counter tls_failed;  // handshakes that failed before or after a listener was found
  base::Counter http2_connections;
  base::Counter http2_streams;
  base::Counter http2_streams_refused;  // too many at once
  base::Counter http2_streams_reset;    // by the client, before their end
  base::Counter http2_streams_stalled;  // by us, because the client took nothing
  Http2FaultCounters http2_faults;
  ReasonCounters failures;   // of requests and connections that no listener can be named for
  StatusCounters responses;  // to such requests
};
struct ListenerCounters {
  base::Counter tls_full;     // handshakes
  base::Counter tls_resumed;  // handshakes by a session ticket
  ReasonCounters failures;    // of requests, by why
  StatusCounters responses;   // to requests that no route took
};
struct RuleCounters {
  StatusCounters responses;  // what clients got
  base::Gauge active;        // requests under way
  base::Histogram duration{
      kDurationBounds};     // microseconds from the first byte of the request to the end of the response
  base::Counter bytes_in;   // bodies of requests
  base::Counter bytes_out;  // bodies of responses
};
// Why a copy of a request (RequestMirror) was not sent whole, or its answer not seen.
enum class MirrorDrop : std::uint8_t {
  TooMany,       // copies under way
  TooSlow,       // its body waits, and the request does not
  RequestEnded,  // the request's body was not read to its end
  NoEndpoints,
  Failed,   // no connection, or it broke
  TimedOut,
};
inline constexpr std::size_t kMirrorDrops = static_cast<std::size_t>(MirrorDrop::TimedOut) + 1;
std::string_view name_of(MirrorDrop drop);  // "too_many"

struct BackendCounters {
  base::Counter attempts;
  base::Counter retries;                      // attempts that follow another one of the same request
  base::Counter connections;                  // opened
  ReasonCounters failures;                    // of attempts
  base::Counter mirrored;                     // copies that were sent whole and answered
  std::array<base::Counter, kMirrorDrops> mirrors_dropped;
  StatusCounters responses;                   // as the backend sent them
  base::Histogram duration{kDurationBounds};  // microseconds from the choice of an endpoint to the head of its response
};

// --- Series ---------------------------------------------------------------------------------------------------------

// One block per worker, made by the worker on first use, freed with the series.
template <class Block>
class PerWorker {
 public:
  explicit PerWorker(unsigned workers) : blocks_(std::make_unique<std::atomic<Block*>[]>(workers)), workers_(workers) {}
  PerWorker(const PerWorker&) = delete;
  PerWorker& operator=(const PerWorker&) = delete;
  ~PerWorker() {
    for (unsigned i = 0; i < workers_; ++i) delete blocks_[i].load(std::memory_order_acquire);
  }

  Block& at(unsigned worker) {
    Block* block = blocks_[worker].load(std::memory_order_relaxed);
    if (block == nullptr) [[unlikely]] {
      block = new Block;
      blocks_[worker].store(block, std::memory_order_release);
    }
    return *block;
  }
  template <class F>
  void for_each(F&& f) const {
    for (unsigned i = 0; i < workers_; ++i) {
      if (const Block* block = blocks_[i].load(std::memory_order_acquire)) f(*block);
    }
  }

 private:
  std::unique_ptr<std::atomic<Block*>[]> blocks_;
  unsigned workers_;
};

class Metrics;

struct BindSeries : std::enable_shared_from_this<BindSeries> {
  BindSeries(Metrics& owner, std::string bind_address, std::uint16_t bind_port);
  ~BindSeries();

  Metrics& metrics;
  std::string address;
  std::uint16_t port;
  PerWorker<BindCounters> counters;
};
struct ListenerSeries : std::enable_shared_from_this<ListenerSeries> {
  ListenerSeries(Metrics& owner, plan::ObjectName gateway_name, const plan::Listener& listener);
  ~ListenerSeries();

  Metrics& metrics;
  std::uint64_t id;  // never given twice, never 0
  plan::ObjectName gateway;
  bool from_listener_set;
  plan::ObjectName listener_owner;
  std::string name;
  PerWorker<ListenerCounters> counters;
};
struct RuleSeries : std::enable_shared_from_this<RuleSeries> {
  RuleSeries(Metrics& owner, std::shared_ptr<ListenerSeries> under, plan::Ref<plan::Rule> of);
  ~RuleSeries();

  Metrics& metrics;
  std::shared_ptr<ListenerSeries> listener;
  plan::Ref<plan::Rule> rule;  // gives kind, route, index and name; the newest of equal labels
  PerWorker<RuleCounters> counters;
};
struct BackendSeries : std::enable_shared_from_this<BackendSeries> {
  BackendSeries(Metrics& owner, std::shared_ptr<RuleSeries> of, std::string backend_id);
  ~BackendSeries();

  Metrics& metrics;
  std::shared_ptr<RuleSeries> rule;
  std::string id;  // "namespace/name:port"
  PerWorker<BackendCounters> counters;
};

// What belongs to a worker as a whole.
struct alignas(64) WorkerCounters {
  base::Counter log_lines;
  base::Counter log_lines_dropped;
  base::Gauge active_requests;
  base::Gauge idle_backend_connections;
};

class Metrics {
 public:
  explicit Metrics(unsigned workers);
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;
  ~Metrics();  // after every series

  std::shared_ptr<BindSeries> bind(std::string_view address, std::uint16_t port);
  std::shared_ptr<ListenerSeries> listener(const plan::ObjectName& gateway, const plan::Listener& listener);
  std::shared_ptr<RuleSeries> rule(const std::shared_ptr<ListenerSeries>& listener, const plan::Ref<plan::Rule>& rule);
  std::shared_ptr<BackendSeries> backend(const std::shared_ptr<RuleSeries>& rule, std::string_view id);

  WorkerCounters& worker(unsigned index) { return *workers_[index]; }
  unsigned workers() const { return static_cast<unsigned>(workers_.size()); }
  std::size_t series() const;

  // The whole page; lines of a metric are sorted by labels. Series that no worker has used are left out.
  std::string render() const;

 private:
  friend struct BindSeries;
  friend struct ListenerSeries;
  friend struct RuleSeries;
  friend struct BackendSeries;
  struct Registry;  // series by their labels

  std::vector<std::unique_ptr<WorkerCounters>> workers_;
  std::unique_ptr<Registry> registry_;
};

}  // namespace cardea::proxy
