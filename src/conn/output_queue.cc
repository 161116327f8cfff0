// SPDX-License-Identifier: Apache-2.0
#include "conn/output_queue.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace cardea::conn {

OutputQueue::~OutputQueue() {
  for (char* block : blocks_) pool_->give(block);
}

void OutputQueue::append(std::span<const char> bytes) {
  size_ += bytes.size();
  while (!bytes.empty()) {
    if (blocks_.empty() || end_ == BufferPool::kBlockBytes) {
      blocks_.push_back(pool_->take());
      end_ = 0;
    }
    const std::size_t taken = std::min(bytes.size(), BufferPool::kBlockBytes - end_);
    std::memcpy(blocks_.back() + end_, bytes.data(), taken);
    end_ += taken;
    bytes = bytes.subspan(taken);
  }
}

WriteStatus OutputQueue::send(net::Stream& stream, std::size_t& sent) {
  while (size_ != 0) {
    std::array<iovec, kGathered> parts;
    std::size_t count = 0;
    for (std::size_t i = 0; i < blocks_.size() && count < kGathered; ++i) {
      const std::size_t from = i == 0 ? begin_ : 0;
      const std::size_t to = i + 1 == blocks_.size() ? end_ : BufferPool::kBlockBytes;
      parts[count++] = {blocks_[i] + from, to - from};
    }
    const auto result = stream.try_write({parts.data(), count});
    if (result.status == net::IoStatus::WouldBlock) return WriteStatus::WouldBlock;
    if (result.status != net::IoStatus::Ok) return WriteStatus::Failed;
    sent += result.bytes;
    consume(result.bytes);
  }
  return WriteStatus::Ok;
}

void OutputQueue::consume(std::size_t bytes) {
  size_ -= bytes;
  begin_ += bytes;
  while (begin_ >= BufferPool::kBlockBytes) {
    pool_->give(blocks_.front());
    blocks_.pop_front();
    begin_ -= BufferPool::kBlockBytes;
  }
  if (size_ != 0) return;
  for (char* block : blocks_) pool_->give(block);
  blocks_.clear();
  begin_ = end_ = 0;
}

}  // namespace cardea::conn
