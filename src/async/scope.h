// SPDX-License-Identifier: Apache-2.0
// TaskScope: the owner of tasks that run beside their starter. Closed and awaited before it dies; a scope that is
// destroyed with tasks in it ends the process, because they would outlive what they use.
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

#include "async/loop.h"
#include "async/task.h"
#include "async/wait.h"

namespace cardea::async {

class TaskScope {
 public:
  explicit TaskScope(Loop& loop) : loop_(loop) {}
  TaskScope(const TaskScope&) = delete;
  TaskScope& operator=(const TaskScope&) = delete;
  ~TaskScope();

  // Runs function(arguments...) until it first waits, and then beside the caller. Arguments are values or pointers to
  // what outlives this scope, never references: the call's own frame may be gone when they are used.
  template <class... Parameters, class... Arguments>
  void spawn(Task<void> (*function)(Parameters...), Arguments&&... arguments) {
    static_assert((!std::is_reference_v<Parameters> && ...), "a spawned task takes values or pointers, not references");
    start(function(std::forward<Arguments>(arguments)...));
  }

  std::size_t size() const { return size_; }

  // Returns when the last task has finished. Tasks may still be spawned meanwhile; they are waited for too.
  Task<void> close();

 private:
  struct Runner {
    struct promise_type : detail::PromiseBase {
      Runner get_return_object() { return {}; }
      std::suspend_never initial_suspend() noexcept { return {}; }
      std::suspend_never final_suspend() noexcept { return {}; }
      void return_void() {}
    };
  };
  static Runner run(TaskScope* scope, Task<void> task);
  void start(Task<void> task);

  Loop& loop_;
  std::size_t size_ = 0;
  Signal empty_;
};

}  // namespace cardea::async
