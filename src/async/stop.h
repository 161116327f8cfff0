// SPDX-License-Identifier: Apache-2.0
// StopSource: tells those who hold its token that their work is not wanted any more. They finish by themselves.
// One loop's thread only; the source outlives its tokens.
#pragma once

#include "async/loop.h"
#include "async/wait.h"

namespace cardea::async {

class StopSource {
 public:
  void request(Loop& loop) {
    requested_ = true;
    signal_.raise(loop);
  }
  bool requested() const { return requested_; }
  Signal& signal() { return signal_; }

 private:
  bool requested_ = false;
  Signal signal_;
};

// What a task is handed. Wait on signal() together with what the task waits for, and look at requested() after.
class StopToken {
 public:
  explicit StopToken(StopSource& source) : source_(&source) {}
  bool requested() const { return source_->requested(); }
  Signal& signal() const { return source_->signal(); }

 private:
  StopSource* source_;
};

}  // namespace cardea::async
