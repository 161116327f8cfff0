// SPDX-License-Identifier: Apache-2.0
#include "conn/pool.h"

#include <utility>

namespace cardea::conn {

ClientConnection EndpointPool::take_h1(async::Deadline now) {
  while (!h1_.empty()) {
    auto client = std::move(h1_.back());
    h1_.pop_back();
    if (client->quiet() && client->idle_until > now) return {.h1 = std::move(client), .reused = true};
  }
  return {};
}

void EndpointPool::give(ClientConnection connection, async::Deadline idle_until, std::size_t max_idle) {
  if (h1_.size() >= max_idle) return;
  connection.h1->idle_until = idle_until;
  h1_.push_back(std::move(connection.h1));
}

std::size_t EndpointPool::sweep(async::Deadline now) {
  std::erase_if(h1_, [now](const auto& client) { return !client->quiet() || client->idle_until <= now; });
  return h1_.size();
}

}  // namespace cardea::conn
