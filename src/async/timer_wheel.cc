// SPDX-License-Identifier: Apache-2.0
#include "async/timer_wheel.h"

#include <algorithm>
#include <bit>

namespace cardea::async {
namespace {

void unlink(TimerNode& node) {
  node.timer_previous->timer_next = node.timer_next;
  node.timer_next->timer_previous = node.timer_previous;
  node.timer_previous = nullptr;
}

bool empty(const TimerNode& list) { return list.timer_next == &list; }

}  // namespace

TimerWheel::TimerWheel(std::uint64_t now) : now_(now) {
  for (auto& level : levels_) {
    for (auto& slot : level.slots) slot.timer_previous = slot.timer_next = &slot;
  }
}

void TimerWheel::set(TimerNode& node, std::uint64_t expiry) {
  if (node.timer_set()) unlink(node);
  node.expiry = std::max(expiry, now_ + 1);
  insert(node);
}

void TimerWheel::cancel(TimerNode& node) {
  if (node.timer_set()) unlink(node);
}

// The level is where expiry and now first differ, counted in groups of kSlotBits bits.
void TimerWheel::insert(TimerNode& node) {
  const std::uint64_t difference = node.expiry ^ now_;
  const unsigned top_bit = difference ? 63U - static_cast<unsigned>(std::countl_zero(difference)) : 0;
  const unsigned index = std::min(top_bit / kSlotBits, kLevels - 1);
  Level& level = levels_[index];
  const unsigned slot = (node.expiry >> (index * kSlotBits)) % kSlots;
  TimerNode& list = level.slots[slot];
  node.timer_previous = list.timer_previous;
  node.timer_next = &list;
  list.timer_previous->timer_next = &node;
  list.timer_previous = &node;
  level.used |= std::uint64_t{1} << slot;
}

TimerNode* TimerWheel::next_due(std::uint64_t now) {
  for (;;) {
    const unsigned slot = now_ % kSlots;
    TimerNode& list = levels_[0].slots[slot];
    if (!empty(list)) {
      TimerNode* node = list.timer_next;
      unlink(*node);
      return node;
    }
    levels_[0].used &= ~(std::uint64_t{1} << slot);
    if (now_ >= now) return nullptr;
    // Skip the empty rest of this turn of the lowest level at once.
    const std::uint64_t later = slot + 1 < kSlots ? levels_[0].used >> (slot + 1) << (slot + 1) : 0;
    const unsigned step = later ? static_cast<unsigned>(std::countr_zero(later)) - slot : kSlots - slot;
    now_ = std::min<std::uint64_t>(now, now_ + step);
    if (now_ % kSlots == 0) cascade();
  }
}

// At the start of a turn: brings down what the upper levels hold for this time.
void TimerWheel::cascade() {
  for (unsigned index = 1; index < kLevels; ++index) {
    const unsigned slot = (now_ >> (index * kSlotBits)) % kSlots;
    Level& level = levels_[index];
    TimerNode& list = level.slots[slot];
    TimerNode* node = list.timer_next;
    list.timer_previous = list.timer_next = &list;
    level.used &= ~(std::uint64_t{1} << slot);
    while (node != &list) {
      TimerNode* next = node->timer_next;
      insert(*node);
      node = next;
    }
    if (slot != 0) return;
  }
}

std::uint64_t TimerWheel::until_next() const {
  for (unsigned index = 0; index < kLevels; ++index) {
    if (levels_[index].used == 0) continue;
    const unsigned shift = index * kSlotBits;
    const unsigned slot = (now_ >> shift) % kSlots;
    const unsigned ahead = static_cast<unsigned>(std::countr_zero(std::rotr(levels_[index].used, static_cast<int>(slot))));
    if (index == 0) return ahead;
    // The slot's start; at least the next turn of the lowest level, where a cascade will tell more.
    const std::uint64_t turns = ahead ? ahead : kSlots;
    return (((now_ >> shift) + turns) << shift) - now_;
  }
  return ~std::uint64_t{0};
}

}  // namespace cardea::async
