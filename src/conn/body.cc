// SPDX-License-Identifier: Apache-2.0
#include "conn/body.h"

namespace cardea::conn {
namespace {

PumpStatus after_flush(WriteStatus flushed, PumpStatus done) {
  switch (flushed) {
    case WriteStatus::Ok:
      return done;
    case WriteStatus::WouldBlock:
      return PumpStatus::WaitWrite;
    case WriteStatus::Failed:
      break;
  }
  return PumpStatus::WriteFailed;
}

}  // namespace

ReadStatus discard(BodyReader& body) {
  constexpr std::size_t kTurn = 256 * 1024;
  std::span<const char> data;
  for (std::size_t dropped = 0; dropped < kTurn; dropped += data.size()) {
    const ReadStatus status = body.peek(data);
    if (status != ReadStatus::Data) return status;
    body.consume(data.size());
  }
  return ReadStatus::Data;
}

PumpStatus Pump::run() {
  for (std::size_t moved = 0; !finished_;) {
    if (moved >= kShare) return PumpStatus::Busy;
    std::span<const char> data;
    switch (from_->peek(data)) {
      case ReadStatus::WouldBlock:
        return after_flush(to_.flush(), PumpStatus::WaitRead);
      case ReadStatus::Failed:
        return PumpStatus::ReadFailed;
      case ReadStatus::End:
        if (!to_.finish(from_->trailers())) return PumpStatus::ReadFailed;
        finished_ = true;
        break;
      case ReadStatus::Data: {
        if (limit_ != 0 && from_->bytes_read() + data.size() > limit_) return PumpStatus::TooMuch;
        const auto written = to_.try_write(data);
        from_->consume(written.bytes);
        moved += written.bytes + kPieceCost;
        if (written.status == WriteStatus::Failed) return PumpStatus::WriteFailed;
        if (written.status == WriteStatus::WouldBlock) return PumpStatus::WaitWrite;
        break;
      }
    }
  }
  return after_flush(to_.flush(), PumpStatus::Done);
}

}  // namespace cardea::conn
