// SPDX-License-Identifier: Apache-2.0
#include "kube/connect.h"

#include <fmt/core.h>
#include <netdb.h>

#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "net/socket_address.h"
#include "net/tcp.h"

namespace cardea::kube {
namespace {

base::Result<std::vector<net::SocketAddress>> addresses_of(const Config& config) {
  if (const auto address = net::SocketAddress::parse(config.host, config.port)) return std::vector{*address};
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* first = nullptr;
  const int failed = getaddrinfo(config.host.c_str(), nullptr, &hints, &first);
  if (failed != 0) return base::fail(fmt::format("{} cannot be resolved: {}", config.host, gai_strerror(failed)));
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(first, &freeaddrinfo);
  std::vector<net::SocketAddress> addresses;
  for (const addrinfo* entry = first; entry; entry = entry->ai_next) {
    char text[NI_MAXHOST];
    if (getnameinfo(entry->ai_addr, entry->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) != 0) continue;
    if (const auto address = net::SocketAddress::parse(text, config.port)) addresses.push_back(*address);
  }
  if (addresses.empty()) return base::fail(fmt::format("{} has no address", config.host));
  return addresses;
}

async::Task<base::Result<std::unique_ptr<net::TcpStream>>> open_tcp(async::Loop& loop, const Config& config,
                                                                    async::Deadline deadline) {
  const auto addresses = addresses_of(config);
  if (!addresses) co_return std::unexpected(addresses.error());
  std::string why;
  for (const net::SocketAddress& address : *addresses) {
    net::Connected connected = co_await net::connect_tcp(loop, address, deadline);
    if (connected.status == net::ConnectStatus::Connected) co_return std::move(connected.stream);
    why = fmt::format("cannot connect to {}: {}", address.text(),
                      connected.status == net::ConnectStatus::TimedOut ? "no answer in time"
                      : connected.status == net::ConnectStatus::Ended  ? "the program is ending"
                                                                       : std::generic_category().message(connected.error));
  }
  co_return base::fail(std::move(why));
}

}  // namespace

std::string authority_of(const Config& config) {
  return config.host.contains(':') ? fmt::format("[{}]:{}", config.host, config.port)
                                   : fmt::format("{}:{}", config.host, config.port);
}

async::Task<base::Result<std::unique_ptr<net::Stream>>> open_stream(async::Loop& loop, const Config& config,
                                                                   const Credentials&, async::Deadline deadline) {
  auto tcp = co_await open_tcp(loop, config, deadline);
  if (!tcp) co_return std::unexpected(std::move(tcp).error());
  if (!config.tls) co_return *std::move(tcp);
  co_return base::fail("TLS to the API server is not built yet");
}

}  // namespace cardea::kube
