// SPDX-License-Identifier: Apache-2.0
#include "http/text_arena.h"

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "base/memory_pool.h"
#include "http/syntax.h"

namespace cardea::http {

char* TextArena::allocate_block(std::size_t size) {
  const std::size_t bytes = std::max(sizeof(Block) + size, kBlock);
  last_ = new (base::allocate_pooled(bytes)) Block{last_, bytes};
  char* const begin = reinterpret_cast<char*>(last_ + 1);
  next_ = begin + size;
  end_ = reinterpret_cast<char*>(last_) + bytes;
  return begin;
}

std::string_view TextArena::copy(std::string_view text) {
  if (text.empty()) return {};
  char* place = allocate(text.size());
  std::memcpy(place, text.data(), text.size());
  return {place, text.size()};
}

std::string_view TextArena::concat(std::initializer_list<std::string_view> parts) {
  std::size_t size = 0;
  for (std::string_view part : parts) size += part.size();
  char* place = allocate(size);
  char* next = place;
  for (std::string_view part : parts) next = std::copy(part.begin(), part.end(), next);
  return {place, size};
}

std::string_view TextArena::lower_case(std::string_view text) {
  char* place = allocate(text.size());
  std::transform(text.begin(), text.end(), place, to_lower);
  return {place, text.size()};
}

void TextArena::clear() {
  while (last_) {
    Block* const block = std::exchange(last_, last_->previous);
    base::free_pooled(block, block->bytes);
  }
  next_ = inline_;
  end_ = inline_ + kInline;
}

}  // namespace cardea::http
