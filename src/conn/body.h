// SPDX-License-Identifier: Apache-2.0
// The body of a message as it is read or written, the same for every protocol (RFC 9110 section 6.4). Pulled and bounded:
// backpressure is not reading. Nothing here blocks: on WouldBlock wait on the signal, then try again.
//
// Belongs to an exchange, on its loop's thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "async/wait.h"
#include "http/fault.h"
#include "http/fields.h"

namespace cardea::conn {

enum class ReadStatus : std::uint8_t {
  Data,        // bytes to look at
  WouldBlock,  // wait on ready()
  End,         // the body is complete
  Failed,      // cut short (fault None), or malformed
};

class BodyReader {
 public:
  // The next bytes in place; they stay valid until all of them are consumed and peek() is called again.
  virtual ReadStatus peek(std::span<const char>& data) = 0;
  virtual void consume(std::size_t bytes) = 0;
  virtual async::Signal& ready() = 0;
  // After End.
  virtual const http::Fields& trailers() const = 0;
  // After Failed: why, when the bytes were wrong.
  virtual http::Fault fault() const = 0;

  // Whether rewind() can bring the reader back to the body's first byte.
  virtual bool rewindable() const = 0;
  virtual void rewind() = 0;

  std::uint64_t bytes_read() const { return bytes_read_; }

 protected:
  ~BodyReader() = default;
  std::uint64_t bytes_read_ = 0;
};

// Reads what has come of a body that nobody wants, and drops it; Data: there is more than one turn's share (256 KiB).
ReadStatus discard(BodyReader& body);

enum class WriteStatus : std::uint8_t { Ok, WouldBlock, Failed };

class BodyWriter {
 public:
  struct Written {
    WriteStatus status = WriteStatus::Ok;
    std::size_t bytes = 0;  // taken from the front of `data`; may be staged, see flush()
  };
  virtual Written try_write(std::span<const char> data) = 0;
  // The body is complete. Stages its end; false when the framing promised more.
  virtual bool finish(const http::Fields& trailers) = 0;
  // Sends what is staged. To be called whenever the source has nothing more for now.
  virtual WriteStatus flush() = 0;
  virtual async::Signal& ready() = 0;
  // Tells the receiver that the body is not complete: the connection or stream is cut.
  virtual void abort() = 0;

  std::uint64_t bytes_written() const { return bytes_written_; }

 protected:
  ~BodyWriter() = default;
  std::uint64_t bytes_written_ = 0;
};

// Moves what can be moved now. Reading stops at the first of: end, nothing to read, nothing taken, failure.
enum class PumpStatus : std::uint8_t {
  WaitRead,    // everything read so far was sent
  WaitWrite,   // the writer takes nothing now
  Done,        // end read, finished and flushed
  Busy,        // moved its share and could go on: run again after others had their turn
  TooMuch,     // more than the limit; what is over it was not read
  ReadFailed,  // the source was cut short or malformed; the writer is as it was
  WriteFailed,
};
class Pump {
 public:
  // `limit`: of bytes; 0: none.
  Pump(BodyReader& from, BodyWriter& to, std::uint64_t limit = 0) : from_(&from), to_(to), limit_(limit) {}
  // Not to be called again after Done, unless restarted.
  PumpStatus run();
  // The writer begins a new body, a tunnel's, and takes it from here.
  void restart_without_limit(BodyReader& from) {
    from_ = &from;
    finished_ = false;
    limit_ = 0;
  }

 private:
  // What one run moves at most, and what a piece costs beside its bytes, so that tiny ones count.
  static constexpr std::size_t kShare = 256 * 1024;
  static constexpr std::size_t kPieceCost = 256;

  BodyReader* from_;
  BodyWriter& to_;
  std::uint64_t limit_;
  bool finished_ = false;
};

}  // namespace cardea::conn
