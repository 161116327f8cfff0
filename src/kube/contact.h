// SPDX-License-Identifier: Apache-2.0
// Contact: whether the API server answers, and when it came back after it had not for long. Told by the Client of what it
// asks and of every byte that it hears, watches too. Plain times of the loop, in milliseconds; one loop's thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "async/wait.h"

namespace cardea::kube {

class Contact {
 public:
  // `outage`: for how long nothing at all is heard, though something was asked, before that is one.
  explicit Contact(std::chrono::milliseconds outage) : outage_(static_cast<std::uint64_t>(outage.count())) {}

  void asked(async::Deadline now) {
    if (!unanswered_since_) unanswered_since_ = now;
  }
  void heard(async::Deadline now) {
    if (unanswered_since_ && now - *unanswered_since_ >= outage_) returned_ = now;
    unanswered_since_.reset();
  }
  // When the last outage ended; nothing while there was none.
  std::optional<async::Deadline> returned() const { return returned_; }

 private:
  std::uint64_t outage_;
  std::optional<async::Deadline> unanswered_since_;
  std::optional<async::Deadline> returned_;
};

}  // namespace cardea::kube
