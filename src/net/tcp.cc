// SPDX-License-Identifier: Apache-2.0
#include "net/tcp.h"

#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace cardea::net {
namespace {

bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

bool set_option(int socket, int level, int option, int value) {
  return setsockopt(socket, level, option, &value, sizeof value) == 0;
}

}  // namespace

TcpStream::TcpStream(async::Loop& loop, Descriptor socket) : Stream(loop), socket_(std::move(socket)) {
  use(readiness_);
  loop_.add(socket_.get(), readiness_);
}

TcpStream::~TcpStream() { loop_.remove(socket_.get()); }

IoResult TcpStream::try_read(std::span<char> into) {
  if (!readiness_.can_read) return {IoStatus::WouldBlock};
  ssize_t got;
  do got = recv(socket_.get(), into.data(), into.size(), 0);
  while (got < 0 && errno == EINTR);
  if (got > 0) {
    // A short read emptied the socket; the next byte raises an edge. A FIN that was told before will not be told again.
    if (static_cast<std::size_t>(got) < into.size() && !readiness_.read_closed) readiness_.can_read = false;
    return {IoStatus::Ok, static_cast<std::size_t>(got)};
  }
  if (got == 0) return {IoStatus::End};
  if (!would_block(errno)) return {IoStatus::Failed};
  readiness_.can_read = false;
  return {IoStatus::WouldBlock};
}

IoResult TcpStream::try_write(std::span<const iovec> parts) {
  if (!readiness_.can_write) return {readiness_.failed ? IoStatus::Failed : IoStatus::WouldBlock};
  ssize_t sent;
  do {
    if (parts.size() == 1) {
      sent = send(socket_.get(), parts[0].iov_base, parts[0].iov_len, MSG_NOSIGNAL);
    } else {
      msghdr message{};
      message.msg_iov = const_cast<iovec*>(parts.data());
      message.msg_iovlen = parts.size();
      sent = sendmsg(socket_.get(), &message, MSG_NOSIGNAL);
    }
  } while (sent < 0 && errno == EINTR);
  if (sent > 0) return {IoStatus::Ok, static_cast<std::size_t>(sent)};
  if (sent < 0 && !would_block(errno)) return {IoStatus::Failed};
  readiness_.can_write = false;
  return {IoStatus::WouldBlock};
}

void TcpStream::shutdown_write() { shutdown(socket_.get(), SHUT_WR); }

void TcpStream::reset_on_close() {
  const linger now{1, 0};
  setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

// Edge-triggered: a descriptor that is registered anew is told of what it has.
void TcpStream::set_quiet(bool quiet) {
  if (std::exchange(quiet_, quiet) == quiet) return;
  if (quiet) loop_.remove(socket_.get());
  else loop_.add(socket_.get(), readiness_);
}

async::Task<Connected> connect_tcp(async::Loop& loop, SocketAddress peer, async::Deadline deadline) {
  Descriptor socket(::socket(peer.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
  if (!socket) co_return Connected{ConnectStatus::Failed, errno, nullptr};
  const int number = socket.get();
  set_option(number, IPPROTO_TCP, TCP_NODELAY, 1);
  if (connect(number, peer.get(), peer.size()) == 0) {
    co_return Connected{ConnectStatus::Connected, 0, std::make_unique<TcpStream>(loop, std::move(socket))};
  }
  if (errno != EINPROGRESS) co_return Connected{ConnectStatus::Failed, errno, nullptr};
  auto stream = std::make_unique<TcpStream>(loop, std::move(socket));
  const async::Wake wake = co_await async::wait_any(loop, deadline, stream->writable());
  if (wake == async::Wake::TimedOut) co_return Connected{ConnectStatus::TimedOut, ETIMEDOUT, nullptr};
  if (wake == async::Wake::Ended) co_return Connected{ConnectStatus::Ended, 0, nullptr};
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(number, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) co_return Connected{ConnectStatus::Failed, error, nullptr};
  co_return Connected{ConnectStatus::Connected, 0, std::move(stream)};
}

base::Result<Descriptor> listen_tcp(const SocketAddress& address, int backlog) {
  Descriptor socket(::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
  if (!socket) return base::fail(std::strerror(errno));
  const int number = socket.get();
  const bool ready = set_option(number, SOL_SOCKET, SO_REUSEADDR, 1) && set_option(number, SOL_SOCKET, SO_REUSEPORT, 1) &&
                     (address.family() != AF_INET6 || set_option(number, IPPROTO_IPV6, IPV6_V6ONLY, 1)) &&
                     set_option(number, IPPROTO_TCP, TCP_NODELAY, 1) && set_option(number, SOL_SOCKET, SO_KEEPALIVE, 1) &&
                     bind(number, address.get(), address.size()) == 0 && listen(number, backlog) == 0;
  if (!ready) return base::fail(std::strerror(errno));
  return socket;
}

base::Result<> probe_tcp(const SocketAddress& address) {
  Descriptor socket(::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP));
  if (!socket) return base::fail(std::strerror(errno));
  set_option(socket.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  if (address.family() == AF_INET6) set_option(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1);
  if (bind(socket.get(), address.get(), address.size()) != 0) return base::fail(std::strerror(errno));
  return {};
}

TcpListener::TcpListener(async::Loop& loop, Descriptor socket) : loop_(loop), socket_(std::move(socket)) {
  loop_.add(socket_.get(), readiness_);
}

TcpListener::~TcpListener() { loop_.remove(socket_.get()); }

TcpListener::Accepted TcpListener::try_accept() {
  Accepted accepted;
  for (;;) {
    socklen_t size = SocketAddress::kCapacity;
    const int number = accept4(socket_.get(), accepted.peer.get(), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (number >= 0) {
      accepted.status = IoStatus::Ok;
      accepted.socket = Descriptor(number);
      return accepted;
    }
    if (would_block(errno)) return accepted;
    if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
      accepted.status = IoStatus::Failed;
      return accepted;
    }
    // Anything else concerns the one connection that went away while it waited.
  }
}

}  // namespace cardea::net
