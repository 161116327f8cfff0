// SPDX-License-Identifier: Apache-2.0
#include "proxy/bind_sockets.h"

#include <algorithm>
#include <set>

#include "net/socket_address.h"
#include "net/tcp.h"

namespace cardea::proxy {
namespace {

// All or nothing. Sockets that share a port by SO_REUSEPORT would share it with a stranger too: so ask first without,
// unless we have the port on an overlapping address ourselves.
base::Result<std::vector<net::Descriptor>> open_all(const BindKey& key, unsigned workers, bool port_is_ours) {
  const auto address = net::SocketAddress::parse(key.address, key.port);
  if (!address) return base::fail("not an IP address of this machine");
  if (!port_is_ours) {
    if (auto free = net::probe_tcp(*address); !free) return std::unexpected(free.error());
  }
  std::vector<net::Descriptor> sockets;
  for (unsigned i = 0; i < workers; ++i) {
    auto socket = net::listen_tcp(*address);
    if (!socket) return std::unexpected(socket.error());
    sockets.push_back(std::move(*socket));
  }
  return sockets;
}

}  // namespace

BindSockets::Opened BindSockets::open_for(const RouteTable& routes, std::vector<BindFailure>& failures) {
  Opened opened;
  std::vector<BindKey> still_open;
  for (const Bind& bind : routes.binds()) {
    BindKey key{bind.address(), bind.port()};
    if (!std::binary_search(open_.begin(), open_.end(), key)) {
      const auto same_port = [&](const BindKey& other) { return other.port == key.port; };
      const bool port_is_ours = std::ranges::any_of(open_, same_port) || std::ranges::any_of(still_open, same_port);
      auto sockets = open_all(key, workers_, port_is_ours);
      if (!sockets) {
        failures.push_back({key.address, key.port, sockets.error().message});
        continue;
      }
      opened.emplace(key, std::move(*sockets));
    }
    still_open.push_back(std::move(key));
  }
  std::ranges::sort(still_open);
  open_ = std::move(still_open);
  return opened;
}

std::vector<std::string> BindSockets::addresses() const {
  std::set<std::string> addresses;
  for (const BindKey& key : open_) addresses.insert(key.address);
  return {addresses.begin(), addresses.end()};
}

}  // namespace cardea::proxy
