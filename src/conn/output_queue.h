// SPDX-License-Identifier: Apache-2.0
// OutputQueue: bytes that a connection has to send, copied into blocks of the worker's pool, sent by one gathering call.
// One thread; the pool outlives it. Empty, it owns no block.
#pragma once

#include <cstddef>
#include <deque>
#include <span>
#include <string_view>

#include "conn/body.h"
#include "conn/buffer.h"
#include "net/stream.h"

namespace cardea::conn {

class OutputQueue {
 public:
  explicit OutputQueue(BufferPool& pool) : pool_(&pool) {}
  OutputQueue(const OutputQueue&) = delete;
  OutputQueue& operator=(const OutputQueue&) = delete;
  ~OutputQueue();

  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  void append(std::span<const char> bytes);
  void append(std::string_view text) { append(std::span(text.data(), text.size())); }

  // Ok: everything was taken. `sent` grows by what was taken.
  WriteStatus send(net::Stream& stream, std::size_t& sent);

 private:
  static constexpr std::size_t kGathered = 16;
  void consume(std::size_t bytes);

  BufferPool* pool_;
  std::deque<char*> blocks_;
  std::size_t begin_ = 0;  // in the first block
  std::size_t end_ = 0;    // in the last block
  std::size_t size_ = 0;
};

}  // namespace cardea::conn
