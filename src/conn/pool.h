// SPDX-License-Identifier: Apache-2.0
// EndpointPool: a worker's connections to one endpoint, by protocol.
//
// HTTP/1: those that are idle; last returned, first taken, so that what is not needed ages and is closed. One that its
// backend has closed meanwhile is never handed out. HTTP/2: all there are; one takes exchanges until it is full, then the
// next. They close themselves, and retire when the pool ends.
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
  EndpointPool() = default;
  EndpointPool(const EndpointPool&) = delete;
  EndpointPool& operator=(const EndpointPool&) = delete;
  ~EndpointPool();

  // A usable connection, or none.
  ClientConnection take_h1(async::Deadline now);
  ClientConnection share_h2();
  // One that will be usable, or not, when it has spoken; null: there is none.
  std::shared_ptr<H2Client> awaited_h2() const;
  bool has_h2() const { return !h2_.empty(); }
  // Keeps it for later unless there are `max_idle` already.
  void give(std::unique_ptr<H1Client> client, async::Deadline idle_until, std::size_t max_idle);
  void add(std::shared_ptr<H2Client> client) { h2_.push_back(std::move(client)); }
  // Closes what has expired or was closed by the backend; how many are left.
  std::size_t sweep(async::Deadline now);
  std::size_t size() const { return h1_.size() + h2_.size(); }

 private:
  std::vector<std::unique_ptr<H1Client>> h1_;
  std::vector<std::shared_ptr<H2Client>> h2_;
};

}  // namespace cardea::conn
