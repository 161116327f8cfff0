// SPDX-License-Identifier: Apache-2.0
#include "conn/pool.h"

#include <utility>

namespace cardea::conn {

std::unique_ptr<H1Client> EndpointPool::take(async::Deadline now) {
  while (!idle_.empty()) {
    auto client = std::move(idle_.back());
    idle_.pop_back();
    if (client->quiet() && client->idle_until > now) return client;
  }
  return nullptr;
}

void EndpointPool::give(std::unique_ptr<H1Client> client, async::Deadline idle_until, std::size_t max_idle) {
  if (idle_.size() >= max_idle) return;
  client->idle_until = idle_until;
  idle_.push_back(std::move(client));
}

std::size_t EndpointPool::sweep(async::Deadline now) {
  std::erase_if(idle_, [now](const auto& client) { return !client->quiet() || client->idle_until <= now; });
  return idle_.size();
}

}  // namespace cardea::conn
