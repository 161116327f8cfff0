// SPDX-License-Identifier: Apache-2.0
#include "conn/pool.h"

#include <algorithm>
#include <utility>

namespace cardea::conn {

EndpointPool::~EndpointPool() {
  for (const auto& client : h2_) client->retire();
}

ClientConnection EndpointPool::take_h1(async::Deadline now) {
  while (!h1_.empty()) {
    auto client = std::move(h1_.back());
    h1_.pop_back();
    if (client->quiet() && client->idle_until > now) return {.h1 = std::move(client), .h2 = nullptr, .reused = true};
  }
  return {};
}

ClientConnection EndpointPool::share_h2() {
  const auto found = std::ranges::find_if(h2_, [](const auto& client) { return client->usable(); });
  if (found == h2_.end()) return {};
  return {.h1 = nullptr, .h2 = *found, .reused = (*found)->used_before()};
}

std::shared_ptr<H2Client> EndpointPool::awaited_h2() const {
  const auto found = std::ranges::find_if(h2_, [](const auto& client) { return client->awaited(); });
  return found == h2_.end() ? nullptr : *found;
}

void EndpointPool::give(std::unique_ptr<H1Client> client, async::Deadline idle_until, std::size_t max_idle) {
  if (h1_.size() >= max_idle) return;
  client->idle_until = idle_until;
  h1_.push_back(std::move(client));
}

std::size_t EndpointPool::sweep(async::Deadline now) {
  std::erase_if(h1_, [now](const auto& client) { return !client->quiet() || client->idle_until <= now; });
  std::erase_if(h2_, [](const auto& client) { return client->spent(); });
  return size();
}

}  // namespace cardea::conn
