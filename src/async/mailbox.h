// SPDX-License-Identifier: Apache-2.0
// Mailbox<T>: the one way for other threads to hand a value to a loop's thread. Lock-free, unbounded (senders are our
// own control thread, not peers), in the order sent by each sender.
//
// Made and destroyed on the receiver's thread. send() from any thread; receive() by one task of the loop.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <utility>

#include "async/loop.h"
#include "async/task.h"

namespace cardea::async {

// An eventfd: ring() from any thread makes `pollable().readable` rise on the loop's thread.
class Doorbell {
 public:
  explicit Doorbell(Loop& loop);
  ~Doorbell();
  Doorbell(const Doorbell&) = delete;
  Doorbell& operator=(const Doorbell&) = delete;

  void ring();
  // Forgets earlier rings; on the loop's thread.
  void clear();
  Signal& rung() { return pollable_.readable; }

 private:
  Loop& loop_;
  int descriptor_;
  Pollable pollable_;
};

template <class T>
class Mailbox {
 public:
  explicit Mailbox(Loop& loop) : loop_(loop), bell_(loop) {}
  ~Mailbox() {
    delete_all(newest_.load());
    delete_all(oldest_);
  }

  void send(T value) {
    auto* letter = new Letter{std::move(value), nullptr};
    Letter* older = newest_.load(std::memory_order_relaxed);
    do letter->next = older;
    while (!newest_.compare_exchange_weak(older, letter, std::memory_order_release, std::memory_order_relaxed));
    // The letter belongs to the receiver now and may be gone.
    if (!older) bell_.ring();
  }

  // The oldest value that was sent, or nothing once the loop has ended.
  Task<std::optional<T>> receive() {
    for (;;) {
      if (!oldest_) collect();
      if (oldest_) {
        std::unique_ptr<Letter> letter(std::exchange(oldest_, oldest_->next));
        co_return std::move(letter->value);
      }
      const Wake wake = co_await wait_any(loop_, kNever, bell_.rung());
      if (wake == Wake::Ended) co_return std::nullopt;
    }
  }

 private:
  struct Letter {
    T value;
    Letter* next;
  };

  void collect() {
    bell_.clear();
    Letter* newest = newest_.exchange(nullptr, std::memory_order_acquire);
    while (newest) {
      Letter* older = newest->next;
      newest->next = oldest_;
      oldest_ = newest;
      newest = older;
    }
  }

  static void delete_all(Letter* letter) {
    while (letter) delete std::exchange(letter, letter->next);
  }

  Loop& loop_;
  Doorbell bell_;
  std::atomic<Letter*> newest_ = nullptr;
  Letter* oldest_ = nullptr;
};

}  // namespace cardea::async
