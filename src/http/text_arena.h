// SPDX-License-Identifier: Apache-2.0
// TextArena: where an exchange keeps the few texts that are not in the received bytes (a rewritten path, a value that a
// filter set). Grows by blocks, never moves what it gave out, frees everything at once.
//
// Owned by the exchange, made, used and destroyed by one thread. Whatever a head's views point into (received bytes, arena, static text)
// must live as long as the head.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <string_view>

namespace cardea::http {

class TextArena {
 public:
  TextArena() = default;
  TextArena(const TextArena&) = delete;
  TextArena& operator=(const TextArena&) = delete;
  ~TextArena() { clear(); }

  // `size` bytes, not initialised, stable until clear().
  char* allocate(std::size_t size) {
    if (size > static_cast<std::size_t>(end_ - next_)) return allocate_block(size);
    char* place = next_;
    next_ += size;
    return place;
  }
  // Gives back the unused tail of the newest allocation: [used_end, ...) is free again.
  void shrink_last(char* used_end) { next_ = used_end; }

  std::string_view copy(std::string_view text);
  std::string_view concat(std::initializer_list<std::string_view> parts);
  std::string_view lower_case(std::string_view text);  // ASCII

  // Everything that was given out is gone.
  void clear();

 private:
  // At the beginning of what was allocated; its texts follow.
  struct Block {
    Block* previous;
    std::size_t bytes;
  };
  static constexpr std::size_t kInline = 256;
  static constexpr std::size_t kBlock = 4096;

  char* allocate_block(std::size_t size);

  char inline_[kInline];
  char* next_ = inline_;
  char* end_ = inline_ + kInline;
  Block* last_ = nullptr;
};

}  // namespace cardea::http
