// SPDX-License-Identifier: Apache-2.0
// Where the program listens: the data plane of Gateways without addresses, and the servers of its own (admin, plans, echo).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "base/result.h"

namespace cardea::app {

// `asked`; when that is nothing, all that the machine has, written out: a kernel may lack IPv6.
std::vector<std::string> listen_addresses(const std::vector<std::string>& asked);

// "127.0.0.1:9901", "[::1]:9901", or "*:9901": all of IPv4 and of IPv6, as far as the machine has them.
struct ListenAt {
  std::optional<base::IpAddress> address;  // nothing: all
  std::uint16_t port = 0;                  // 0: a free one, the same of both families
};
base::Result<ListenAt> parse_listen_at(std::string_view text);
std::string to_string(const ListenAt& at);

// Calls `listen` (HttpServer::listen, PlanServer::listen) for each address; the first one with its real port, or what failed.
using Listen = std::function<base::Result<base::IpPort>(const base::IpPort&)>;
base::Result<base::IpPort> listen_at(const ListenAt& at, const Listen& listen);

}  // namespace cardea::app
