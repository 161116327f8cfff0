// SPDX-License-Identifier: Apache-2.0
// Buffers of connections: blocks lent by a pool of the worker, last returned first lent (so still in the cache), and
// given back whenever a connection is idle: an idle connection owns no buffer.
//
// One thread. The pool outlives every buffer that borrows from it.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace cardea::conn {

class BufferPool {
 public:
  static constexpr std::size_t kBlockBytes = 16 * 1024;

  BufferPool() = default;
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;
  ~BufferPool();

  char* take();
  void give(char* block);

 private:
  static constexpr std::size_t kMaxKept = 256;
  std::vector<char*> free_;
};

// Contiguous bytes: [pin 0..pinned) that must not move, then unread bytes, then space. A block of the pool, or a larger
// one of its own when a head needs it.
class Buffer {
 public:
  explicit Buffer(BufferPool& pool) : pool_(&pool) {}
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() { release(); }

  bool empty() const { return begin_ == end_; }
  std::size_t size() const { return end_ - begin_; }
  std::span<const char> unread() const { return {data_ + begin_, size()}; }
  std::string_view view() const { return {data_ + begin_, size()}; }
  const char* base() const { return data_; }

  // At least one byte of room after the unread bytes, or nothing when `limit` unread bytes are there already. May move
  // the unread bytes to the front (never when something is pinned) or into a larger block.
  std::span<char> space(std::size_t limit);
  // At least `bytes` of room; moves what is unread when it must.
  char* reserve(std::size_t bytes);
  void commit(std::size_t bytes) { end_ += bytes; }
  void consume(std::size_t bytes) { begin_ += bytes; }
  // Forgets all unread bytes but the first `size`.
  void truncate(std::size_t size) { end_ = begin_ + size; }
  // Makes `bytes` that were consumed unread again; they must not have been overwritten.
  void unconsume_to(std::size_t position) { begin_ = position; }
  std::size_t position() const { return begin_; }

  // What was consumed so far keeps its place until unpin().
  void pin() { pinned_ = begin_; }
  void unpin() { pinned_ = 0; }
  std::size_t pinned() const { return pinned_; }
  // After pin(): room for body bytes behind the pinned ones. True when everything moved (relocate views into base()).
  bool make_room_behind_pin(std::size_t bytes);

  // Gives the block back when nothing is unread or pinned.
  void release_if_empty();

 private:
  void release();
  void move_to(std::size_t capacity, std::size_t from);

  BufferPool* pool_;
  char* data_ = nullptr;
  std::size_t capacity_ = 0;
  std::size_t pinned_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace cardea::conn
