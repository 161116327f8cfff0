// SPDX-License-Identifier: Apache-2.0
// A hierarchical timing wheel: setting and cancelling a timer is a few pointer writes, whatever their number.
// Ticks are milliseconds; a timer never fires early and is looked at once a tick. Single-threaded, allocates nothing.
#pragma once

#include <array>
#include <cstdint>

namespace cardea::async {

struct TimerNode {
  TimerNode* timer_previous = nullptr;  // null: not set
  TimerNode* timer_next = nullptr;
  std::uint64_t expiry = 0;
  bool timer_set() const { return timer_previous != nullptr; }
};

class TimerWheel {
 public:
  explicit TimerWheel(std::uint64_t now);
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  void set(TimerNode& node, std::uint64_t expiry);
  void cancel(TimerNode& node);

  // Moves time forward and calls fire(node) for each node that is due; the node is not set any more when called.
  template <class Fire>
  void advance(std::uint64_t now, Fire fire) {
    while (TimerNode* node = next_due(now)) fire(*node);
  }

  // A lower bound of the milliseconds until something is due; ~0 when nothing is set.
  std::uint64_t until_next() const;

 private:
  static constexpr unsigned kLevels = 6;
  static constexpr unsigned kSlotBits = 6;
  static constexpr unsigned kSlots = 1U << kSlotBits;

  struct Level {
    std::array<TimerNode, kSlots> slots;
    std::uint64_t used = 0;  // one bit per slot that may hold a node
  };

  TimerNode* next_due(std::uint64_t now);
  void insert(TimerNode& node);
  void cascade();

  std::uint64_t now_;
  std::array<Level, kLevels> levels_;
};

}  // namespace cardea::async
