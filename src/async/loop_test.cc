// SPDX-License-Identifier: Apache-2.0
#include "async/loop.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "async/mailbox.h"
#include "async/scope.h"
#include "async/stop.h"

namespace cardea::async {
namespace {

Task<int> forty_two() { co_return 42; }

Task<int> add_one() {
  const int value = co_await forty_two();
  co_return value + 1;
}

TEST(Task, ReturnsThroughAwaits) {
  Loop loop;
  EXPECT_EQ(loop.run(add_one()), 43);
}

Task<Wake> wait_for(Loop& loop, Signal& signal, Deadline deadline) { co_return co_await wait_any(loop, deadline, signal); }

TEST(Wait, TimesOutNotBeforeItsDeadline) {
  Loop loop;
  Signal never;
  const auto before = loop.now();
  EXPECT_EQ(loop.run(wait_for(loop, never, loop.after(20))), Wake::TimedOut);
  EXPECT_GE(loop.now(), before + 20);
  EXPECT_FALSE(never.waited_for());
}

Task<void> yield_until(Loop* loop, const bool* done) {
  while (!*done) co_await loop->yield();
}

Task<void> yield_beside_an_event(Loop& loop) {
  bool done = false;
  TaskScope scope(loop);
  scope.spawn(yield_until, &loop, &done);
  scope.spawn(yield_until, &loop, &done);
  co_await sleep(loop, 5);
  done = true;
  co_await scope.close();
}

TEST(Loop, TasksThatOnlyYieldKeepNoEventWaiting) {
  Loop loop;
  loop.run(yield_beside_an_event(loop));
}

Task<void> note_wake(Loop* loop, Signal* first, Signal* second, std::string* log, char name) {
  const Wake wake = co_await wait_any(*loop, kNever, *first, *second);
  *log += name;
  *log += wake == Wake::Signalled ? 's' : wake == Wake::Ended ? 'e' : 't';
}

Task<void> raise_second(Loop& loop, std::string& log) {
  Signal first, second;
  TaskScope scope(loop);
  scope.spawn(note_wake, &loop, &first, &second, &log, 'a');
  scope.spawn(note_wake, &loop, &first, &second, &log, 'b');
  second.raise(loop);
  second.raise(loop);
  co_await scope.close();
  log += first.waited_for() ? '!' : '.';
}

TEST(Wait, AnyOfSeveralSignalsWakesOnce) {
  Loop loop;
  std::string log;
  loop.run(raise_second(loop, log));
  EXPECT_EQ(log, "asbs.");
}

Task<void> end_while_waiting(Loop& loop, std::string& log) {
  Signal first, second;
  TaskScope scope(loop);
  scope.spawn(note_wake, &loop, &first, &second, &log, 'a');
  loop.end();
  co_await scope.close();
}

TEST(Loop, EndWakesEveryWait) {
  Loop loop;
  std::string log;
  loop.run(end_while_waiting(loop, log));
  EXPECT_EQ(log, "ae");
}

Task<void> wait_stop(Loop* loop, StopToken token, bool* stopped) {
  while (!token.requested()) co_await wait_any(*loop, kNever, token.signal());
  *stopped = true;
}

Task<void> stop_it(Loop& loop, bool& stopped) {
  StopSource source;
  TaskScope scope(loop);
  scope.spawn(wait_stop, &loop, StopToken(source), &stopped);
  source.request(loop);
  co_await scope.close();
}

TEST(Stop, AToldTaskFinishes) {
  Loop loop;
  bool stopped = false;
  loop.run(stop_it(loop, stopped));
  EXPECT_TRUE(stopped);
}

TEST(TaskScopeDeathTest, DiesWithTasksInIt) {
  EXPECT_DEATH(
      {
        Loop loop;
        Signal never;
        std::string log;
        TaskScope scope(loop);
        scope.spawn(note_wake, &loop, &never, &never, &log, 'a');
      },
      "destroyed with 1 tasks");
}

Task<long> sum(Mailbox<int>& mailbox, int count) {
  long total = 0;
  for (int i = 0; i < count; ++i) {
    auto value = co_await mailbox.receive();
    total += value.value_or(-1'000'000);
  }
  co_return total;
}

TEST(Mailbox, HandsOverEverythingFromSeveralThreads) {
  Loop loop;
  Mailbox<int> mailbox(loop);
  constexpr int kEach = 2000;
  std::thread one([&] { for (int i = 0; i < kEach; ++i) mailbox.send(1); });
  std::thread two([&] { for (int i = 0; i < kEach; ++i) mailbox.send(2); });
  EXPECT_EQ(loop.run(sum(mailbox, 2 * kEach)), 3L * kEach);
  one.join();
  two.join();
}

Task<std::string> in_order(Mailbox<char>& mailbox) {
  std::string text;
  while (text.size() < 5) text += (co_await mailbox.receive()).value_or('?');
  co_return text;
}

TEST(Mailbox, KeepsTheOrderOfASender) {
  Loop loop;
  Mailbox<char> mailbox(loop);
  for (char letter : std::string("abcde")) mailbox.send(letter);
  EXPECT_EQ(loop.run(in_order(mailbox)), "abcde");
}

}  // namespace
}  // namespace cardea::async
