// SPDX-License-Identifier: Apache-2.0
// TCP: streams over sockets, connecting, and listeners that share a port between threads (SO_REUSEPORT).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "async/loop.h"
#include "async/task.h"
#include "base/result.h"
#include "net/descriptor.h"
#include "net/socket_address.h"
#include "net/stream.h"

namespace cardea::net {

class TcpStream final : public Stream {
 public:
  // Takes a connected, non-blocking socket.
  TcpStream(async::Loop& loop, Descriptor socket);
  ~TcpStream() override;

  IoResult try_read(std::span<char> into) override;
  IoResult try_write(std::span<const iovec> parts) override;
  void shutdown_write() override;
  void reset_on_close() override;
  void set_quiet(bool quiet) override;

  int descriptor() const { return socket_.get(); }

 private:
  Descriptor socket_;
  async::Pollable readiness_;
  bool quiet_ = false;
};

enum class ConnectStatus : std::uint8_t { Connected, TimedOut, Failed, Ended };
struct Connected {
  ConnectStatus status = ConnectStatus::Failed;
  int error = 0;  // errno of a failure
  std::unique_ptr<TcpStream> stream;
};
// Ended: the loop ended meanwhile.
async::Task<Connected> connect_tcp(async::Loop& loop, SocketAddress peer, async::Deadline deadline);

// A socket that listens on `address` with SO_REUSEPORT, not yet accepting on any loop; made on any thread. An IPv6
// wildcard takes IPv6 only. Accepted sockets inherit TCP_NODELAY and SO_KEEPALIVE.
base::Result<Descriptor> listen_tcp(const SocketAddress& address, int backlog = 4096);

// Whether nobody listens on `address` yet; the error says who is in the way.
base::Result<> probe_tcp(const SocketAddress& address);

// Accepts on one loop from a socket of listen_tcp().
class TcpListener {
 public:
  TcpListener(async::Loop& loop, Descriptor socket);
  ~TcpListener();
  TcpListener(const TcpListener&) = delete;
  TcpListener& operator=(const TcpListener&) = delete;

  struct Accepted {
    IoStatus status = IoStatus::WouldBlock;  // Ok, WouldBlock, or Failed when there are no descriptors left
    Descriptor socket;
    SocketAddress peer;
  };
  Accepted try_accept();
  async::Signal& acceptable() { return readiness_.readable; }
  SocketAddress address() const { return SocketAddress::of_local(socket_.get()); }

 private:
  async::Loop& loop_;
  Descriptor socket_;
  async::Pollable readiness_;
};

}  // namespace cardea::net
