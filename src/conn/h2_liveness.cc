// SPDX-License-Identifier: Apache-2.0
#include "conn/h2_liveness.h"

#include <utility>

namespace cardea::conn {

void H2Liveness::heard(async::Deadline now, bool progress) {
  answer_until_ = async::kNever;
  if (progress) may_ask_early_ = true;
  // That it is there is known now: only its long silence, or another request, is worth asking again.
  const bool only_answered = std::exchange(acknowledged_, false) && !progress;
  silent_since_ = only_answered ? async::kNever : now;
}

async::Deadline H2Liveness::ask_at() const {
  const async::Deadline rested = last_asked_ == async::kNever ? async::kNever : last_asked_ + kRestMs;
  if (silent_since_ == async::kNever) return rested;
  const async::Deadline due = silent_since_ + limits_.interval_ms;
  return may_ask_early_ || last_asked_ == async::kNever ? due : std::max(due, rested);
}

H2Liveness::Verdict H2Liveness::check(async::Deadline now, bool waiting) {
  if (limits_.interval_ms == 0) return Verdict::Fine;
  if (answer_until_ != async::kNever) return answer_until_ <= now ? Verdict::Gone : Verdict::Fine;
  if (!waiting) {
    silent_since_ = async::kNever;
    return Verdict::Fine;
  }
  if (ask_at() > now) return Verdict::Fine;
  const bool early = last_asked_ != async::kNever && last_asked_ + kRestMs > now;
  if (early) may_ask_early_ = false;
  last_asked_ = now;
  silent_since_ = async::kNever;
  if (limits_.timeout_ms != 0) answer_until_ = now + limits_.timeout_ms;
  return Verdict::Ask;
}

async::Deadline H2Liveness::deadline(bool waiting) const {
  if (limits_.interval_ms == 0) return async::kNever;
  if (answer_until_ != async::kNever) return answer_until_;
  return waiting ? ask_at() : async::kNever;
}

}  // namespace cardea::conn
