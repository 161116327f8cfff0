// SPDX-License-Identifier: Apache-2.0
#include "async/scope.h"

#include <cstdio>
#include <cstdlib>

namespace cardea::async {

TaskScope::~TaskScope() {
  if (size_ == 0) return;
  std::fprintf(stderr, "cardea: a task scope was destroyed with %zu tasks in it\n", size_);
  std::abort();
}

TaskScope::Runner TaskScope::run(TaskScope* scope, Task<void> task) {
  co_await std::move(task);
  if (--scope->size_ == 0) scope->empty_.raise(scope->loop_);
}

void TaskScope::start(Task<void> task) {
  ++size_;
  run(this, std::move(task));
}

Task<void> TaskScope::close() {
  while (size_ != 0) {
    // Also when the loop has ended: the tasks see that too and finish, each when control comes to it.
    if (loop_.ended()) co_await loop_.yield();
    else co_await wait_any(loop_, kNever, empty_);
  }
}

}  // namespace cardea::async
