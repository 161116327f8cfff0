// SPDX-License-Identifier: Apache-2.0
// BindSockets: which addresses and ports this process listens on. Opens what a new route table needs, one socket per
// worker, and leaves alone what stays. Control thread.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "net/descriptor.h"
#include "proxy/data_plane.h"
#include "proxy/route_table.h"

namespace cardea::proxy {

struct BindKey {
  std::string address;
  std::uint16_t port = 0;
  auto operator<=>(const BindKey&) const = default;
};

class BindSockets {
 public:
  explicit BindSockets(unsigned workers) : workers_(workers) {}

  // Newly opened sockets by bind, one for each worker.
  using Opened = std::map<BindKey, std::vector<net::Descriptor>>;

  // Opens the binds of `routes` that are not open yet. Forgets those that are not there any more: their sockets belong to
  // the workers, which close them when they take the table over.
  Opened open_for(const RouteTable& routes, std::vector<BindFailure>& failures);

  // What is open now, each address once.
  std::vector<std::string> addresses() const;

 private:
  unsigned workers_;
  std::vector<BindKey> open_;  // sorted
};

}  // namespace cardea::proxy
