// SPDX-License-Identifier: Apache-2.0
// EndpointPool: a worker's connections to one endpoint, by protocol. HTTP/1: those that are idle, last returned, first
// taken, so that what is not needed ages and is closed; one that its backend has closed meanwhile is never handed out.
// One thread.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "async/loop.h"
#include "conn/client_connection.h"

namespace cardea::conn {

class EndpointPool {
 public:
  // A usable connection, or none.
  ClientConnection take_h1(async::Deadline now);
  // Keeps it for later unless there are `max_idle` already.
  void give(ClientConnection connection, async::Deadline idle_until, std::size_t max_idle);
  // Closes what has expired or was closed by the backend; how many are left.
  std::size_t sweep(async::Deadline now);
  std::size_t size() const { return h1_.size(); }
  void clear() { h1_.clear(); }

 private:
  std::vector<std::unique_ptr<H1Client>> h1_;
};

}  // namespace cardea::conn
