// SPDX-License-Identifier: Apache-2.0
// SocketAddress: an IPv4 or IPv6 address with a port, as the kernel wants it. A value.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ip.h"

namespace cardea::net {

class SocketAddress {
 public:
  SocketAddress() = default;
  // `ip` in text, without brackets, with an optional %zone for link-local IPv6; nothing when it is not an IP address.
  static std::optional<SocketAddress> parse(std::string_view ip, std::uint16_t port);
  static SocketAddress of_local(int socket);
  static SocketAddress of_peer(int socket);

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage_); }
  socklen_t size() const { return family() == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in); }
  static constexpr socklen_t kCapacity = sizeof(sockaddr_in6);

  int family() const { return storage_.sin6_family; }
  std::uint16_t port() const { return ntohs(storage_.sin6_port); }  // the same place in both families
  std::string ip() const;                                           // IPv4-mapped IPv6 shown as IPv4
  std::string text() const;                                         // "192.0.2.1:80", "[2001:db8::1]:80"

 private:
  sockaddr_in6 storage_{};
};

// The address alone, as the kernel and libraries tell it; nothing for null and other families.
std::optional<base::IpAddress> ip_of(const sockaddr* address);

}  // namespace cardea::net
