// SPDX-License-Identifier: Apache-2.0
// EndpointPool: a worker's idle connections to one endpoint. Last returned, first taken, so that what is not needed ages
// and is closed. A connection that its backend has closed meanwhile is never handed out. One thread.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "async/loop.h"
#include "conn/h1_client.h"

namespace cardea::conn {

class EndpointPool {
 public:
  // A usable connection, or nullptr.
  std::unique_ptr<H1Client> take(async::Deadline now);
  // Keeps it for later unless there are `max_idle` already.
  void give(std::unique_ptr<H1Client> client, async::Deadline idle_until, std::size_t max_idle);
  // Closes what has expired or was closed by the backend; how many are left.
  std::size_t sweep(async::Deadline now);
  std::size_t size() const { return idle_.size(); }
  void clear() { idle_.clear(); }

 private:
  std::vector<std::unique_ptr<H1Client>> idle_;
};

}  // namespace cardea::conn
