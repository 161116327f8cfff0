// SPDX-License-Identifier: Apache-2.0
#include "kube/connect.h"

#include <fmt/core.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <chrono>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "base/log.h"
#include "net/socket_address.h"
#include "net/tcp.h"
#include "net/tls_client.h"

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

// A watch only reads: of a server whose machine is gone without a word it would not hear for minutes.
void keep_alive(int socket) {
  const auto set = [socket](int level, int option, int value) { (void)setsockopt(socket, level, option, &value, sizeof value); };
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, kKeepAliveIdle);
  set(IPPROTO_TCP, TCP_KEEPINTVL, kKeepAliveInterval);
  set(IPPROTO_TCP, TCP_KEEPCNT, kKeepAliveCount);
}

async::Task<base::Result<std::unique_ptr<net::TcpStream>>> open_tcp(async::Loop& loop, const Config& config,
                                                                    async::Deadline deadline) {
  const auto addresses = addresses_of(config);
  if (!addresses) co_return std::unexpected(addresses.error());
  std::string why;
  for (const net::SocketAddress& address : *addresses) {
    net::Connected connected = co_await net::connect_tcp(loop, address, deadline);
    if (connected.status == net::ConnectStatus::Connected) {
      keep_alive(connected.stream->descriptor());
      co_return std::move(connected.stream);
    }
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

base::Result<> Connector::renew_context() {
  if (auto fresh = credentials_.refresh(std::chrono::steady_clock::now()); !fresh) return fresh;
  if (!config_.tls || (context_ && context_version_ == credentials_.tls_version())) return {};
  net::TlsClientOptions options;
  options.alpn = {"http/1.1"};
  options.system_roots = config_.ca.empty();
  if (!config_.ca.empty()) options.ca_pem.push_back(credentials_.ca.text());
  if (!config_.client_certificate.empty()) {
    options.certificate = net::TlsCertificate{credentials_.certificate.text(), credentials_.key.text()};
  }
  auto context = net::TlsClientContext::create(options);
  if (!context && context_) {  // of a pair of files one may be the new one already
    base::log_warn("the credentials for {} cannot be used: {}; going on with those before", config_.server(), context.error().message);
    return {};
  }
  if (!context) return std::unexpected(std::move(context).error());
  context_ = *std::move(context);
  context_version_ = credentials_.tls_version();
  return {};
}

async::Task<base::Result<Opened>> Connector::open(async::Loop& loop, async::Deadline deadline) {
  if (auto fresh = renew_context(); !fresh) co_return std::unexpected(std::move(fresh).error());
  auto tcp = co_await open_tcp(loop, config_, deadline);
  if (!tcp) co_return std::unexpected(std::move(tcp).error());
  if (!config_.tls) co_return Opened{nullptr, *std::move(tcp)};
  Opened opened{context_, nullptr};
  auto tls = std::make_unique<net::TlsClientStream>(*std::move(tcp), *opened.context);
  const net::TlsPeer peer{.server_name = config_.tls_server_name.empty() ? config_.host : config_.tls_server_name, .any_of = {}};
  switch (co_await tls->connect(peer, deadline)) {
    case net::TlsHandshake::Done:
      opened.stream = std::move(tls);
      co_return opened;
    case net::TlsHandshake::TimedOut:
      co_return base::fail("the TLS handshake took too long");
    case net::TlsHandshake::Ended:
      co_return base::fail("the program is ending");
    case net::TlsHandshake::Failed:
      break;
  }
  co_return base::fail(fmt::format("the TLS handshake failed: {}", tls->error()));
}

}  // namespace cardea::kube
