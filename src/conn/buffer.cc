// SPDX-License-Identifier: Apache-2.0
#include "conn/buffer.h"

#include <algorithm>
#include <cstring>
#include <new>

namespace cardea::conn {

BufferPool::~BufferPool() {
  for (char* block : free_) ::operator delete(block);
}

char* BufferPool::take() {
  if (free_.empty()) return static_cast<char*>(::operator new(kBlockBytes));
  char* block = free_.back();
  free_.pop_back();
  return block;
}

void BufferPool::give(char* block) {
  if (free_.size() == kMaxKept) ::operator delete(block);
  else free_.push_back(block);
}

std::span<char> Buffer::space(std::size_t limit) {
  if (size() >= limit) return {};
  if (!data_) {
    data_ = pool_->take();
    capacity_ = BufferPool::kBlockBytes;
  }
  if (empty()) begin_ = end_ = pinned_;
  if (end_ == capacity_) {
    if (begin_ > pinned_) {
      std::memmove(data_ + pinned_, data_ + begin_, size());
      end_ = pinned_ + size();
      begin_ = pinned_;
    } else {
      move_to(capacity_ * 2, begin_);
    }
  }
  return {data_ + end_, std::min(capacity_ - end_, limit - size())};
}

char* Buffer::reserve(std::size_t bytes) {
  if (empty()) begin_ = end_ = pinned_;
  if (!data_ && bytes <= BufferPool::kBlockBytes) {
    data_ = pool_->take();
    capacity_ = BufferPool::kBlockBytes;
  }
  if (capacity_ - end_ < bytes) move_to(std::max(BufferPool::kBlockBytes, size() + bytes), begin_);
  return data_ + end_;
}

bool Buffer::make_room_behind_pin(std::size_t bytes) {
  if (capacity_ - pinned_ >= bytes) return false;
  move_to(pinned_ + std::max(bytes, size()), 0);
  return true;
}

// Keeps the bytes [from, end); `from` is begin_ (and becomes 0) or 0.
void Buffer::move_to(std::size_t capacity, std::size_t from) {
  char* larger = capacity == BufferPool::kBlockBytes ? pool_->take() : static_cast<char*>(::operator new(capacity));
  const std::size_t kept = end_ - from;
  if (kept) std::memcpy(larger, data_ + from, kept);
  const std::size_t begin = begin_ - from;
  const std::size_t pinned = from ? 0 : pinned_;
  release();
  data_ = larger;
  capacity_ = capacity;
  pinned_ = pinned;
  begin_ = begin;
  end_ = kept;
}

void Buffer::release_if_empty() {
  if (empty() && pinned_ == 0) release();
}

void Buffer::release() {
  if (data_) {
    if (capacity_ == BufferPool::kBlockBytes) pool_->give(data_);
    else ::operator delete(data_);
  }
  data_ = nullptr;
  capacity_ = pinned_ = begin_ = end_ = 0;
}

}  // namespace cardea::conn
