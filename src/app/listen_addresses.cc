// SPDX-License-Identifier: Apache-2.0
#include "app/listen_addresses.h"

#include "net/tcp.h"

namespace cardea::app {

std::vector<std::string> listen_addresses(const std::vector<std::string>& asked) {
  if (!asked.empty()) return asked;
  std::vector<std::string> all{"0.0.0.0"};
  const auto ipv6 = net::SocketAddress::parse("::", 0);
  if (ipv6 && net::probe_tcp(*ipv6)) all.emplace_back("::");
  return all;
}

}  // namespace cardea::app
