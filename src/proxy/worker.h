// SPDX-License-Identifier: Apache-2.0
// Worker: one thread of the data plane with its own loop, listeners, connections, pools and counters (law 1). Owned by the
// DataPlane, which talks to it through its mailbox; everything else here belongs to the worker's thread.
#pragma once

#include <atomic>
#include <latch>
#include <map>
#include <memory>
#include <thread>
#include <variant>
#include <vector>

#include "async/loop.h"
#include "async/mailbox.h"
#include "async/scope.h"
#include "async/stop.h"
#include "conn/buffer.h"
#include "net/tcp.h"
#include "net/tls.h"
#include "proxy/access_log.h"
#include "proxy/balance.h"
#include "proxy/bind_sockets.h"
#include "proxy/metrics.h"
#include "proxy/random.h"
#include "proxy/effective_settings.h"
#include "proxy/tables.h"

namespace cardea::proxy {

// An address and port that this worker accepts on. Lives until its last connection has ended.
struct WorkerBind {
  BindKey key;
  bool tls = false;
  async::StopSource stop;  // the bind is gone, speaks another protocol now, or the worker drains: connections end
  std::int64_t connections = 0;
  std::unique_ptr<net::TcpListener> listener;
};

class Worker {
 public:
  struct TakeTables {
    const Tables* tables;
    std::map<BindKey, net::Descriptor> sockets;
    std::latch* taken;  // counted down when this worker serves them
  };
  struct Drain {};
  struct End {};
  using Command = std::variant<TakeTables, Drain, End>;

  Worker(unsigned index, const EffectiveSettings& settings, Metrics& metrics, const net::TlsFront& front);
  ~Worker();  // ends at once what still runs
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // The control thread's side.
  void send(Command command) { mailbox_->send(std::move(command)); }
  AccessLog& access_log() { return access_log_; }
  // Draining, and no connection and no mirror is left.
  bool drained() const { return drained_.load(std::memory_order_acquire); }

  // The worker's side.
  unsigned index() const { return index_; }
  // Of the process. What holds for a request: Request::settings(); for a connection: Bind::settings().
  const Settings& settings() const { return settings_.settings; }
  const EffectiveSettings& all_settings() const { return settings_; }
  async::Loop& loop() { return *loop_; }
  conn::BufferPool& buffers() { return buffers_; }
  Balancer& balancer() { return balancer_; }
  Random& random() { return random_; }
  WorkerCounters& counters() { return counters_; }
  // For what outlives the request that began it.
  async::TaskScope& scope() { return *scope_; }
  std::uint32_t mirrors() const { return mirrors_; }  // under way
  void mirror_begins() { ++mirrors_; }
  void mirror_ends();
  const net::TlsFront& tls_front() const { return front_; }
  TablesUse* tables() { return tables_; }
  // Never stopped: for waits that only a deadline ends.
  async::StopToken never() { return async::StopToken(never_); }

 private:
  void run();
  async::Task<void> serve();
  void take(TakeTables command);
  void open(const BindKey& key, bool tls, std::unique_ptr<net::TcpListener> listener);
  void begin_drain();
  void tell_if_drained();
  static async::Task<void> accept_loop(Worker* worker, std::shared_ptr<WorkerBind> bind);
  static async::Task<void> sweep_pools(Worker* worker);
  bool accept_some(const std::shared_ptr<WorkerBind>& bind);
  static async::Task<void> connection(Worker* worker, std::shared_ptr<WorkerBind> bind, net::Descriptor socket,
                                      net::SocketAddress peer);

  const unsigned index_;
  const EffectiveSettings& settings_;  // the data plane's
  const net::TlsFront& front_;
  WorkerCounters& counters_;
  AccessLog access_log_;
  std::atomic<bool> drained_ = false;

  std::unique_ptr<async::Loop> loop_;
  std::unique_ptr<async::Mailbox<Command>> mailbox_;
  std::unique_ptr<async::TaskScope> scope_;  // accept loops and sweeps
  async::StopSource drain_;
  async::StopSource never_;
  conn::BufferPool buffers_;
  Balancer balancer_;
  Random random_;
  TablesUse* tables_ = nullptr;
  std::map<BindKey, std::shared_ptr<WorkerBind>> binds_;
  std::uint64_t connections_ = 0;
  std::uint32_t mirrors_ = 0;
  std::thread thread_;  // last: everything above is there before it starts
};

}  // namespace cardea::proxy
