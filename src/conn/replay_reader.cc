// SPDX-License-Identifier: Apache-2.0
#include "conn/replay_reader.h"

namespace cardea::conn {

ReadStatus ReplayReader::peek(std::span<const char>& data) {
  if (position_ < kept_.size()) {
    data = std::span<const char>(kept_).subspan(position_);
    return ReadStatus::Data;
  }
  const ReadStatus status = from_.peek(peeked_);
  if (status == ReadStatus::Data) data = peeked_;
  return status;
}

void ReplayReader::consume(std::size_t bytes) {
  bytes_read_ += bytes;
  if (position_ < kept_.size()) {
    position_ += bytes;
    return;
  }
  if (keeping_) keep(bytes);
  from_.consume(bytes);
}

void ReplayReader::keep(std::size_t bytes) {
  if (bytes > limit_ - kept_.size()) {
    keeping_ = false;
    kept_ = {};
    position_ = 0;
    return;
  }
  kept_.append(peeked_.data(), bytes);
  position_ = kept_.size();
}

void ReplayReader::rewind() {
  position_ = 0;
  bytes_read_ = 0;
}

}  // namespace cardea::conn
