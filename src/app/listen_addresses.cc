// SPDX-License-Identifier: Apache-2.0
#include "app/listen_addresses.h"

#include <fmt/core.h>

#include "base/strings.h"
#include "net/tcp.h"

namespace cardea::app {
namespace {

constexpr std::string_view kAll = "*:";

}  // namespace

std::vector<std::string> listen_addresses(const std::vector<std::string>& asked) {
  if (!asked.empty()) return asked;
  std::vector<std::string> all{"0.0.0.0"};
  const auto ipv6 = net::SocketAddress::parse("::", 0);
  if (ipv6 && net::probe_tcp(*ipv6)) all.emplace_back("::");
  return all;
}

base::Result<ListenAt> parse_listen_at(std::string_view text) {
  if (text.starts_with(kAll)) {
    if (const auto port = base::parse_uint<std::uint16_t>(text.substr(kAll.size()))) return ListenAt{std::nullopt, *port};
  } else if (const auto one = base::parse_ip_port(text)) {
    return ListenAt{one->address, one->port};
  }
  return base::fail(fmt::format("\"{}\" is not ADDRESS:PORT, such as 127.0.0.1:9901, [::1]:9901 or *:9901", text));
}

std::string to_string(const ListenAt& at) {
  return at.address ? base::to_string(base::IpPort{*at.address, at.port}) : fmt::format("{}{}", kAll, at.port);
}

base::Result<base::IpPort> listen_at(const ListenAt& at, const Listen& listen) {
  if (at.address) return listen({*at.address, at.port});
  std::optional<base::IpPort> first;
  for (const std::string& address : listen_addresses({})) {
    auto bound = listen({*base::parse_ip(address), first ? first->port : at.port});
    if (!bound) return bound;
    if (!first) first = *bound;
  }
  return *first;
}

}  // namespace cardea::app
