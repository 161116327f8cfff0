// SPDX-License-Identifier: Apache-2.0
// ReplayReader: a body that can be read again from its start, because what was read of it is kept, up to a limit. A body
// that grows beyond it is passed through, and can not be read again.
//
// Belongs to the exchange of the reader that it stands before; one thread.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "conn/body.h"

namespace cardea::conn {

class ReplayReader final : public BodyReader {
 public:
  ReplayReader(BodyReader& from, std::size_t limit) : from_(from), limit_(limit) {}
  ReplayReader(const ReplayReader&) = delete;
  ReplayReader& operator=(const ReplayReader&) = delete;

  ReadStatus peek(std::span<const char>& data) override;
  void consume(std::size_t bytes) override;
  async::Signal& ready() override { return from_.ready(); }
  const http::Fields& trailers() const override { return from_.trailers(); }
  http::Fault fault() const override { return from_.fault(); }
  bool rewindable() const override { return keeping_; }
  void rewind() override;

 private:
  void keep(std::size_t bytes);

  BodyReader& from_;
  const std::size_t limit_;
  std::string kept_;
  std::size_t position_ = 0;      // of kept_: what comes next; its size: comes from `from_`
  std::span<const char> peeked_;  // in `from_`
  bool keeping_ = true;
};

}  // namespace cardea::conn
