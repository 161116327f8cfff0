// SPDX-License-Identifier: Apache-2.0
#include "async/loop.h"

#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace cardea::async {
namespace {

constexpr int kEventsPerTurn = 256;

std::uint64_t monotonic_ms() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1000 + static_cast<std::uint64_t>(time.tv_nsec) / 1'000'000;
}

[[noreturn]] void die(const char* what) {
  std::fprintf(stderr, "cardea: %s: %s\n", what, std::strerror(errno));
  std::abort();
}

}  // namespace

Loop::Loop() : epoll_(epoll_create1(EPOLL_CLOEXEC)), now_(monotonic_ms()), timers_(now_) {
  if (epoll_ < 0) die("epoll_create1");
  suspended_.previous = suspended_.next = &suspended_;
}

Loop::~Loop() { close(epoll_); }

void Loop::add(int descriptor, Pollable& pollable) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = &pollable;
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) != 0) die("epoll_ctl");
}

void Loop::remove(int descriptor) { epoll_ctl(epoll_, EPOLL_CTL_DEL, descriptor, nullptr); }

Loop::Root Loop::keep(Task<void> task, bool& done) {
  co_await std::move(task);
  done = true;
}

void Loop::run(Task<void> root) {
  bool done = false;
  start_root(keep(std::move(root), done));
  turn_until(done);
}

void Loop::end() {
  ended_ = true;
  while (suspended_.next != &suspended_) wake(*suspended_.next, Wake::Ended);
}

void Loop::turn_until(bool& done) {
  run_ready();
  while (!done) {
    collect(ready_first_ == nullptr);
    run_ready();
  }
}

void Loop::update_now() { now_ = std::max(now_, monotonic_ms()); }

void Loop::collect(bool block) {
  const std::uint64_t until = timers_.until_next();
  const int timeout = !block ? 0 : until == ~std::uint64_t{0} ? -1 : static_cast<int>(std::min<std::uint64_t>(until, 60'000));
  std::array<epoll_event, kEventsPerTurn> events;
  const int count = epoll_wait(epoll_, events.data(), kEventsPerTurn, timeout);
  if (count < 0 && errno != EINTR) die("epoll_wait");
  update_now();
  for (int i = 0; i < count; ++i) {
    auto& pollable = *static_cast<Pollable*>(events[static_cast<std::size_t>(i)].data.ptr);
    const std::uint32_t happened = events[static_cast<std::size_t>(i)].events;
    if (happened & EPOLLRDHUP) pollable.read_closed = true;
    if (happened & (EPOLLERR | EPOLLHUP)) pollable.failed = true;
    if (happened & (EPOLLIN | EPOLLRDHUP | EPOLLERR | EPOLLHUP)) {
      pollable.can_read = true;
      pollable.readable.raise(*this);
    }
    if (happened & (EPOLLOUT | EPOLLERR | EPOLLHUP)) {
      pollable.can_write = true;
      pollable.writable.raise(*this);
    }
  }
  timers_.advance(now_, [this](TimerNode& node) { wake(static_cast<detail::Waiter&>(node), Wake::TimedOut); });
}

// What becomes ready meanwhile waits for the next turn, so that coroutines which only yield keep no event waiting.
void Loop::run_ready() {
  const detail::Waiter* const last = ready_last_;
  for (bool more = ready_first_ != nullptr; more;) {
    detail::Waiter* waiter = ready_first_;
    more = waiter != last;
    ready_first_ = waiter->next;
    if (!ready_first_) ready_last_ = nullptr;
    waiter->handle.resume();
  }
}

void Loop::hold(detail::Waiter& waiter) {
  waiter.previous = suspended_.previous;
  waiter.next = &suspended_;
  suspended_.previous->next = &waiter;
  suspended_.previous = &waiter;
}

void Loop::wake(detail::Waiter& waiter, Wake wake) {
  for (std::size_t i = 0; i < waiter.node_count; ++i) waiter.nodes[i].unlink();
  timers_.cancel(waiter);
  waiter.previous->next = waiter.next;
  waiter.next->previous = waiter.previous;
  waiter.next = nullptr;
  waiter.wake = wake;
  if (ready_last_) ready_last_->next = &waiter;
  else ready_first_ = &waiter;
  ready_last_ = &waiter;
}

void Signal::raise(Loop& loop) {
  while (list_.next != &list_) loop.wake(*list_.next->waiter, Wake::Signalled);
}

}  // namespace cardea::async
