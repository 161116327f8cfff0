// SPDX-License-Identifier: Apache-2.0
#include "net/socket_address.h"

#include <arpa/inet.h>
#include <net/if.h>

#include <cstring>

namespace cardea::net {

std::optional<SocketAddress> SocketAddress::parse(std::string_view ip, std::uint16_t port) {
  SocketAddress address;
  std::string text(ip);
  auto* v4 = reinterpret_cast<sockaddr_in*>(&address.storage_);
  if (inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    return address;
  }
  const auto percent = text.find('%');
  if (percent != std::string::npos) {
    address.storage_.sin6_scope_id = if_nametoindex(text.c_str() + percent + 1);
    if (address.storage_.sin6_scope_id == 0) return std::nullopt;
    text.resize(percent);
  }
  if (inet_pton(AF_INET6, text.c_str(), &address.storage_.sin6_addr) != 1) return std::nullopt;
  address.storage_.sin6_family = AF_INET6;
  address.storage_.sin6_port = htons(port);
  return address;
}

SocketAddress SocketAddress::of_local(int socket) {
  SocketAddress address;
  socklen_t size = kCapacity;
  getsockname(socket, address.get(), &size);
  return address;
}

SocketAddress SocketAddress::of_peer(int socket) {
  SocketAddress address;
  socklen_t size = kCapacity;
  getpeername(socket, address.get(), &size);
  return address;
}

std::string SocketAddress::ip() const {
  char text[INET6_ADDRSTRLEN] = "";
  if (family() == AF_INET) {
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in*>(&storage_)->sin_addr, text, sizeof text);
  } else if (IN6_IS_ADDR_V4MAPPED(&storage_.sin6_addr)) {
    inet_ntop(AF_INET, storage_.sin6_addr.s6_addr + 12, text, sizeof text);
  } else {
    inet_ntop(AF_INET6, &storage_.sin6_addr, text, sizeof text);
  }
  return text;
}

std::optional<base::IpAddress> ip_of(const sockaddr* address) {
  base::IpAddress result;
  if (address && address->sa_family == AF_INET) {
    std::memcpy(result.bytes.data(), &reinterpret_cast<const sockaddr_in*>(address)->sin_addr, 4);
    return result;
  }
  if (!address || address->sa_family != AF_INET6) return std::nullopt;
  result.family = base::IpAddress::Family::V6;
  std::memcpy(result.bytes.data(), &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr, 16);
  return result;
}

std::string SocketAddress::text() const {
  const std::string address = ip();
  const std::string number = std::to_string(port());
  return address.find(':') == std::string::npos ? address + ":" + number : "[" + address + "]:" + number;
}

}  // namespace cardea::net
