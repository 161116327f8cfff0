// SPDX-License-Identifier: Apache-2.0
#include "proxy/worker.h"

#include <random>
#include <utility>

#include "proxy/client_connection.h"
#include "proxy/connect.h"
#include "proxy/serve_connection.h"

namespace cardea::proxy {
namespace {

constexpr std::uint64_t kSweepMs = 1000;
constexpr std::uint64_t kOutOfDescriptorsMs = 50;

std::uint64_t random_seed() {
  std::random_device device;
  return std::uint64_t{device()} << 32 | device();
}

template <class... Fs>
struct Overloaded : Fs... {
  using Fs::operator()...;
};

}  // namespace

Worker::Worker(unsigned index, const EffectiveSettings& settings, Metrics& metrics, const net::TlsFront& front)
    : index_(index),
      settings_(settings),
      front_(front),
      counters_(metrics.worker(index)),
      access_log_(settings.settings.access_log_buffer_bytes, counters_.log_lines, counters_.log_lines_dropped),
      loop_(std::make_unique<async::Loop>()),
      mailbox_(std::make_unique<async::Mailbox<Command>>(*loop_)),
      scope_(std::make_unique<async::TaskScope>(*loop_)),
      random_(random_seed()),
      thread_([this] { run(); }) {}

Worker::~Worker() {
  send(End{});
  thread_.join();
}

void Worker::run() { loop_->run(serve()); }

async::Task<void> Worker::serve() {
  scope_->spawn(sweep_pools, this);
  for (;;) {
    auto command = co_await mailbox_->receive();
    if (!command || std::holds_alternative<End>(*command)) break;
    std::visit(Overloaded{[this](TakeTables& tables) { take(std::move(tables)); }, [this](Drain) { begin_drain(); }, [](End) {}},
               *command);
  }
  loop_->end();
  co_await scope_->close();
  binds_.clear();
  if (tables_) tables_->let_go();
}

void Worker::take(TakeTables command) {
  // Endpoints first: a rule never goes live before the endpoints of its backends.
  balancer_.apply(*command.tables->endpoints);
  auto* previous = std::exchange(tables_, new TablesUse(command.tables));
  for (auto it = binds_.begin(); it != binds_.end();) {
    const Bind* bind = command.tables->routes->find_bind(it->first.address, it->first.port);
    if (bind && bind->is_tls() == it->second->tls) {
      ++it;
      continue;
    }
    auto old = it->second;
    accept_some(old);  // what waits in the queue would be reset
    auto listener = std::move(old->listener);
    old->stop.request(*loop_);
    it = binds_.erase(it);
    if (bind && !drain_.requested()) open(old->key, bind->is_tls(), std::move(listener));
  }
  for (auto& [key, socket] : command.sockets) {
    const Bind* bind = command.tables->routes->find_bind(key.address, key.port);
    if (!bind || drain_.requested()) continue;
    open(key, bind->is_tls(), std::make_unique<net::TcpListener>(*loop_, std::move(socket)));
  }
  if (previous) previous->let_go();
  command.taken->count_down();
}

void Worker::open(const BindKey& key, bool tls, std::unique_ptr<net::TcpListener> listener) {
  auto bind = std::make_shared<WorkerBind>();
  bind->key = key;
  bind->tls = tls;
  bind->listener = std::move(listener);
  binds_[key] = bind;
  scope_->spawn(accept_loop, this, std::move(bind));
}

void Worker::begin_drain() {
  for (auto& [key, bind] : binds_) {
    accept_some(bind);
    bind->stop.request(*loop_);  // before its listener goes, on which the accept loop waits
    bind->listener.reset();
  }
  binds_.clear();
  drain_.request(*loop_);
  tell_if_drained();
}

void Worker::tell_if_drained() {
  if (connections_ == 0 && mirrors_ == 0 && drain_.requested()) drained_.store(true, std::memory_order_release);
}

void Worker::mirror_ends() {
  --mirrors_;
  tell_if_drained();
}

async::Task<void> Worker::accept_loop(Worker* worker, std::shared_ptr<WorkerBind> bind) {
  while (!bind->stop.requested() && !worker->loop_->ended()) {
    if (!worker->accept_some(bind)) {
      // No descriptors: the queue holds the others until some connection has ended.
      co_await async::wait_any(*worker->loop_, worker->loop_->after(kOutOfDescriptorsMs), bind->stop.signal());
      continue;
    }
    co_await async::wait_any(*worker->loop_, async::kNever, bind->listener->acceptable(), bind->stop.signal());
  }
}

// Everything that waits to be accepted. False: there are no descriptors for it.
bool Worker::accept_some(const std::shared_ptr<WorkerBind>& bind) {
  for (;;) {
    auto accepted = bind->listener->try_accept();
    if (accepted.status == net::IoStatus::WouldBlock) return true;
    if (accepted.status != net::IoStatus::Ok) return false;
    const auto limit = settings_of(*this, *bind).settings.max_connections;
    if (limit != 0 && connections_ >= limit) {
      count_refused_connection(*this, *bind);
      continue;  // closes it
    }
    ++connections_;
    scope_->spawn(connection, this, bind, std::move(accepted.socket), accepted.peer);
  }
}

async::Task<void> Worker::connection(Worker* worker, std::shared_ptr<WorkerBind> bind, net::Descriptor socket,
                                     net::SocketAddress peer) {
  co_await serve_connection(*worker, *bind, std::move(socket), peer);
  --worker->connections_;
  worker->tell_if_drained();
}

async::Task<void> Worker::sweep_pools(Worker* worker) {
  while (!worker->loop_->ended()) {
    co_await async::sleep(*worker->loop_, kSweepMs);
    std::int64_t idle = 0;
    worker->balancer_.for_each([&](EndpointState& endpoint) {
      idle += static_cast<std::int64_t>(sweep_connections(endpoint, worker->loop_->now()));
    });
    worker->counters_.idle_backend_connections.set(idle);
  }
}

}  // namespace cardea::proxy
