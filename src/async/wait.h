// SPDX-License-Identifier: Apache-2.0
// Waiting: Signal (something may have changed), and wait_any, which suspends a coroutine until one of several signals is
// raised, a deadline passes, or the loop is told to end. Single-threaded: everything here belongs to one Loop.
//
// A signal carries no state: check the state, then wait, then check again. Between the check and the wait nothing else
// runs, so no wake-up is lost. No allocation: nodes live in the awaiting frame.
#pragma once

#include <array>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <initializer_list>

#include "async/timer_wheel.h"

namespace cardea::async {

class Loop;
class Signal;

enum class Wake : std::uint8_t { Signalled, TimedOut, Ended };

// Milliseconds of Loop::now(); kNever means no deadline.
using Deadline = std::uint64_t;
inline constexpr Deadline kNever = ~Deadline{0};

namespace detail {

struct Waiter;

struct SignalNode {
  SignalNode* previous = nullptr;
  SignalNode* next = nullptr;
  Waiter* waiter = nullptr;
  void unlink() {
    if (!previous) return;
    previous->next = next;
    next->previous = previous;
    previous = nullptr;
  }
};

// One suspended coroutine. In the loop's list of all waiters while suspended, in its ready queue when woken.
struct Waiter : TimerNode {
  std::coroutine_handle<> handle;
  SignalNode* nodes = nullptr;
  std::size_t node_count = 0;
  Waiter* previous = nullptr;
  Waiter* next = nullptr;
  Wake wake = Wake::Signalled;
};

}  // namespace detail

class Signal {
 public:
  Signal() {
    list_.previous = &list_;
    list_.next = &list_;
  }
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;

  // Wakes everyone who waits now; they run when control is back in the loop.
  void raise(Loop& loop);
  bool waited_for() const { return list_.next != &list_; }

  void link(detail::SignalNode& node) {
    node.previous = list_.previous;
    node.next = &list_;
    list_.previous->next = &node;
    list_.previous = &node;
  }

 private:
  detail::SignalNode list_;
};

template <std::size_t N>
class WaitAny {
 public:
  template <class... Signals>
  WaitAny(Loop& loop, Deadline deadline, Signals&... signals) : loop_(loop), deadline_(deadline), signals_{&signals...} {}
  WaitAny(const WaitAny&) = delete;
  WaitAny& operator=(const WaitAny&) = delete;

  bool await_ready();
  void await_suspend(std::coroutine_handle<> handle);
  Wake await_resume() { return waiter_.wake; }

 private:
  Loop& loop_;
  Deadline deadline_;
  std::array<Signal*, N> signals_;
  std::array<detail::SignalNode, N> nodes_;
  detail::Waiter waiter_;
};

template <class... Signals>
[[nodiscard]] WaitAny<sizeof...(Signals)> wait_any(Loop& loop, Deadline deadline, Signals&... signals) {
  return {loop, deadline, signals...};
}

}  // namespace cardea::async
