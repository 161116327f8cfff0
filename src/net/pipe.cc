// SPDX-License-Identifier: Apache-2.0
#include "net/pipe.h"

#include <algorithm>
#include <cstring>

namespace cardea::net {

PipeEnd::PipeEnd(async::Loop& loop, std::size_t capacity) : Stream(loop), capacity_(capacity) {
  use(readiness_);
  readiness_.can_read = false;
}

PipeEnd::~PipeEnd() {
  if (!peer_) return;
  peer_->readiness_.read_closed = true;
  if (!incoming_.empty()) peer_->readiness_.failed = true;  // closed with bytes unread: TCP resets
  peer_->wake_reader();
  peer_->readiness_.writable.raise(loop_);
  peer_->peer_ = nullptr;
}

void PipeEnd::wake_reader() {
  if (quiet_) return;
  readiness_.can_read = true;
  readiness_.readable.raise(loop_);
}

void PipeEnd::set_quiet(bool quiet) {
  quiet_ = quiet;
  if (!quiet && (!incoming_.empty() || readiness_.read_closed || readiness_.failed)) wake_reader();
}

IoResult PipeEnd::try_read(std::span<char> into) {
  if (readiness_.failed) return {IoStatus::Failed};
  if (incoming_.empty()) {
    if (readiness_.read_closed) return {IoStatus::End};
    readiness_.can_read = false;
    return {IoStatus::WouldBlock};
  }
  const std::size_t size = std::min({into.size(), incoming_.size(), piece_});
  std::memcpy(into.data(), incoming_.data(), size);
  incoming_.erase(0, size);
  if (peer_) {
    peer_->readiness_.can_write = true;
    peer_->readiness_.writable.raise(loop_);
  }
  return {IoStatus::Ok, size};
}

IoResult PipeEnd::try_write(std::span<const iovec> parts) {
  if (!peer_ || readiness_.failed || write_closed_) return {IoStatus::Failed};
  std::size_t taken = 0;
  for (const iovec& part : parts) {
    const std::size_t size = std::min(part.iov_len, capacity_ - std::min(capacity_, peer_->incoming_.size()));
    peer_->incoming_.append(static_cast<const char*>(part.iov_base), size);
    taken += size;
    if (size < part.iov_len) break;
  }
  if (taken == 0) {
    readiness_.can_write = false;
    return {IoStatus::WouldBlock};
  }
  peer_->wake_reader();
  return {IoStatus::Ok, taken};
}

void PipeEnd::shutdown_write() {
  if (write_closed_ || !peer_) return;
  write_closed_ = true;
  peer_->readiness_.read_closed = true;
  peer_->wake_reader();
}

void PipeEnd::reset() {
  readiness_.failed = true;
  if (!peer_) return;
  peer_->readiness_.failed = true;
  peer_->wake_reader();
  peer_->readiness_.writable.raise(loop_);
}

std::pair<std::unique_ptr<PipeEnd>, std::unique_ptr<PipeEnd>> make_pipe(async::Loop& loop, std::size_t capacity) {
  auto one = std::make_unique<PipeEnd>(loop, capacity);
  auto two = std::make_unique<PipeEnd>(loop, capacity);
  one->peer_ = two.get();
  two->peer_ = one.get();
  return {std::move(one), std::move(two)};
}

}  // namespace cardea::net
