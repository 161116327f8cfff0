// SPDX-License-Identifier: Apache-2.0
// An in-memory two-way connection for tests: what one end writes the other reads. Bounded like a socket's buffers, and
// able to hand out bytes in pieces, so that drivers are tested at every split without timing.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "net/stream.h"

namespace cardea::net {

class PipeEnd final : public Stream {
 public:
  explicit PipeEnd(async::Loop& loop, std::size_t capacity);
  ~PipeEnd() override;

  IoResult try_read(std::span<char> into) override;
  IoResult try_write(std::span<const iovec> parts) override;
  void shutdown_write() override;
  void reset_on_close() override { reset(); }
  void set_quiet(bool quiet) override;
  // As a TCP reset: both ends fail from now on.
  void reset();
  // Reads give at most that many bytes at once.
  void set_read_piece(std::size_t bytes) { piece_ = bytes; }

 private:
  friend std::pair<std::unique_ptr<PipeEnd>, std::unique_ptr<PipeEnd>> make_pipe(async::Loop&, std::size_t);
  void wake_reader();

  async::Pollable readiness_;
  PipeEnd* peer_ = nullptr;
  std::string incoming_;
  std::size_t capacity_;
  std::size_t piece_ = ~std::size_t{0};
  bool write_closed_ = false;
  bool quiet_ = false;
};

std::pair<std::unique_ptr<PipeEnd>, std::unique_ptr<PipeEnd>> make_pipe(async::Loop& loop, std::size_t capacity = 64 * 1024);

}  // namespace cardea::net
