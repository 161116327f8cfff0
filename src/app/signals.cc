// SPDX-License-Identifier: Apache-2.0
#include "app/signals.h"

#include <sys/signalfd.h>
#include <unistd.h>

namespace cardea::app {
namespace {

sigset_t ours() {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, number);
  return set;
}

}  // namespace

void block_signals() {
  const sigset_t set = ours();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

Signals::Signals(async::Loop& loop) : loop_(loop) {
  const sigset_t set = ours();
  descriptor_ = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
  loop_.add(descriptor_, pollable_);
}

Signals::~Signals() {
  loop_.remove(descriptor_);
  close(descriptor_);
}

std::optional<int> Signals::take() {
  signalfd_siginfo info;
  if (read(descriptor_, &info, sizeof info) != sizeof info) return std::nullopt;
  return static_cast<int>(info.ssi_signo);
}

async::Task<std::optional<int>> Signals::next(async::Deadline deadline) {
  while (true) {
    if (const auto signal = take()) co_return signal;
    const auto wake = co_await async::wait_any(loop_, deadline, arrived());
    if (wake != async::Wake::Signalled) co_return std::nullopt;
  }
}

}  // namespace cardea::app
