// SPDX-License-Identifier: Apache-2.0
#include "http/text_arena.h"

#include <algorithm>
#include <cstring>

#include "http/syntax.h"

namespace cardea::http {

char* TextArena::allocate_block(std::size_t size) {
  const std::size_t block = std::max(size, kBlock);
  blocks_.push_back(std::make_unique_for_overwrite<char[]>(block));
  next_ = blocks_.back().get() + size;
  end_ = blocks_.back().get() + block;
  return blocks_.back().get();
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
  blocks_.clear();
  next_ = inline_;
  end_ = inline_ + kInline;
}

}  // namespace cardea::http
