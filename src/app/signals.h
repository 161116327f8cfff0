// SPDX-License-Identifier: Apache-2.0
// Signals: SIGTERM, SIGINT and SIGHUP as events of a loop (signalfd(2)). block_signals() comes first in main, before any
// thread, so that no thread is ever interrupted.
#pragma once

#include <csignal>
#include <optional>

#include "async/loop.h"
#include "async/task.h"

namespace cardea::app {

// From now on those three only reach Signals, and SIGPIPE nobody.
void block_signals();

class Signals {
 public:
  explicit Signals(async::Loop& loop);
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  // The oldest that has arrived and was not taken.
  std::optional<int> take();
  // Raised when one arrives.
  async::Signal& arrived() { return pollable_.readable; }
  // Waits for one; nothing when the deadline passes or the loop ends.
  async::Task<std::optional<int>> next(async::Deadline deadline);

 private:
  async::Loop& loop_;
  int descriptor_;
  async::Pollable pollable_;
};

}  // namespace cardea::app
