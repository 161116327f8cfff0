// SPDX-License-Identifier: Apache-2.0
// Loop: one thread's epoll loop. Owns time, timers, the waiting coroutines and the readiness of file descriptors.
//
// A turn is: collect events and due timers (which only marks and queues), then run what was queued. So no coroutine runs
// while events are being handed out, and one may close any descriptor at any time. Not movable; one thread for its life.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "async/task.h"
#include "async/timer_wheel.h"
#include "async/wait.h"

namespace cardea::async {

// A registered file descriptor. Registered once, edge-triggered, for both directions: the flags remember what the kernel
// said until a system call proves otherwise (a short read or EAGAIN clears can_read). The owner clears; the loop sets.
struct Pollable {
  Signal readable;
  Signal writable;
  bool can_read = true;
  bool can_write = true;
  bool read_closed = false;  // the peer sent FIN: reads will reach the end, so can_read stays set
  bool failed = false;       // reset, or closed in both directions
};

class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Milliseconds of the monotonic clock as of this turn.
  std::uint64_t now() const { return now_; }
  Deadline after(std::uint64_t milliseconds) const { return now_ + milliseconds; }
  // As after(), where 0 means none.
  Deadline after_or_never(std::uint64_t milliseconds) const { return milliseconds ? now_ + milliseconds : kNever; }

  // `pollable` must stay where it is until remove(); the descriptor stays the caller's.
  void add(int descriptor, Pollable& pollable);
  void remove(int descriptor);

  // Runs turns until `root` is done, and returns its result. The thread's only call of this kind at a time.
  template <class T>
  T run(Task<T> root) {
    std::optional<T> result;
    bool done = false;
    start_root(keep(std::move(root), result, done));
    turn_until(done);
    return std::move(*result);
  }
  void run(Task<void> root);

  // From now on every wait returns Wake::Ended at once, so that coroutines run to their ends.
  void end();
  bool ended() const { return ended_; }

  // Lets everything else run first: what is ready, and what the events that came meanwhile make so.
  auto yield() { return Yield{*this, {}}; }

 private:
  friend class Signal;
  template <std::size_t N>
  friend class WaitAny;

  struct Yield {
    Loop& loop;
    detail::Waiter waiter;
    bool await_ready() { return false; }
    void await_suspend(std::coroutine_handle<> handle) {
      waiter.handle = handle;
      loop.hold(waiter);
      loop.wake(waiter, Wake::Signalled);
    }
    void await_resume() {}
  };

  struct Root {
    struct promise_type : detail::PromiseBase {
      Root get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
      std::suspend_never final_suspend() noexcept { return {}; }
      void return_void() {}
    };
    std::coroutine_handle<promise_type> handle;
  };
  template <class T>
  static Root keep(Task<T> task, std::optional<T>& result, bool& done) {
    result.emplace(co_await std::move(task));
    done = true;
  }
  static Root keep(Task<void> task, bool& done);
  void start_root(Root root) { root.handle.resume(); }

  void turn_until(bool& done);
  void collect(bool block);
  void run_ready();
  void update_now();

  // A waiter enters the list of suspended ones, and leaves it for the ready queue.
  void hold(detail::Waiter& waiter);
  void wake(detail::Waiter& waiter, Wake wake);

  int epoll_ = -1;
  std::uint64_t now_ = 0;
  bool ended_ = false;
  TimerWheel timers_;
  detail::Waiter suspended_;  // head of the circular list of suspended waiters
  detail::Waiter* ready_first_ = nullptr;
  detail::Waiter* ready_last_ = nullptr;
};

template <std::size_t N>
bool WaitAny<N>::await_ready() {
  if (loop_.ended()) waiter_.wake = Wake::Ended;
  else if (deadline_ <= loop_.now()) waiter_.wake = Wake::TimedOut;
  else return false;
  return true;
}

template <std::size_t N>
void WaitAny<N>::await_suspend(std::coroutine_handle<> handle) {
  waiter_.handle = handle;
  waiter_.nodes = nodes_.data();
  waiter_.node_count = N;
  for (std::size_t i = 0; i < N; ++i) {
    nodes_[i].waiter = &waiter_;
    signals_[i]->link(nodes_[i]);
  }
  if (deadline_ != kNever) loop_.timers_.set(waiter_, deadline_);
  loop_.hold(waiter_);
}

// Suspends for that long; Wake::TimedOut unless the loop ends.
[[nodiscard]] inline WaitAny<0> sleep(Loop& loop, std::uint64_t milliseconds) { return {loop, loop.after(milliseconds)}; }

}  // namespace cardea::async
