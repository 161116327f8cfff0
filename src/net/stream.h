// SPDX-License-Identifier: Apache-2.0
// Stream: a two-way flow of bytes that never blocks. Try first; on WouldBlock wait on the matching signal, then try again.
//
// One owner, one loop's thread; neither copied nor moved, so that others may wait on its signals. Real ones: TCP
// (net/tcp.h), TLS over another stream (net/tls.h), and the in-memory pipe of the tests (net/pipe.h).
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <span>

#include "async/loop.h"

namespace cardea::net {

enum class IoStatus : std::uint8_t {
  Ok,          // bytes > 0
  WouldBlock,  // nothing now
  End,         // reading: the peer has finished sending, properly (FIN, close_notify)
  Failed,      // reset, or a broken TLS record: nothing more in either direction
};

struct IoResult {
  IoStatus status = IoStatus::Ok;
  std::size_t bytes = 0;
};

class Stream {
 public:
  virtual ~Stream() = default;
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  virtual IoResult try_read(std::span<char> into) = 0;
  // Takes a prefix of the concatenated parts. After WouldBlock the next call must offer at least the same bytes again.
  virtual IoResult try_write(std::span<const iovec> parts) = 0;
  // Tells the peer that nothing more will be sent; reading goes on. Best effort.
  virtual void shutdown_write() = 0;
  // Makes the close that follows a visible break: no proper end is sent, and the peer cannot take what it got for
  // complete.
  virtual void reset_on_close() = 0;

  // While quiet, what arrives wakes nobody: it waits in the kernel until the stream is not quiet any more, and raises
  // readable() then. For who wants to take much at once and can wait.
  virtual void set_quiet(bool quiet) = 0;

  // Something that the transport gave is kept inside and was not read yet, be it only a part of what a read waits for.
  virtual bool holds_unread() const { return false; }

  async::Signal& readable() { return *read_signal_; }
  async::Signal& writable() { return *write_signal_; }
  // Raised when the connection fails, also while nobody reads.
  async::Signal& changed() { return pollable_->readable; }
  // The peer reset the connection, or both directions are closed.
  bool failed() const { return pollable_->failed; }
  // The peer has finished sending; bytes sent before may still be unread.
  bool read_closed() const { return pollable_->read_closed; }
  // A read may find something (bytes or the end) without waiting.
  bool can_read() const { return pollable_->can_read || has_more(); }

  async::Loop& loop() { return loop_; }
  // For a stream over this one.
  async::Pollable& pollable() { return *pollable_; }

 protected:
  // A read may find something that is kept inside.
  virtual bool has_more() const { return false; }
  explicit Stream(async::Loop& loop) : loop_(loop) {}
  void use(async::Pollable& pollable) {
    pollable_ = &pollable;
    read_signal_ = &pollable.readable;
    write_signal_ = &pollable.writable;
  }

  async::Loop& loop_;
  async::Pollable* pollable_ = nullptr;
  async::Signal* read_signal_ = nullptr;
  async::Signal* write_signal_ = nullptr;
};

}  // namespace cardea::net
