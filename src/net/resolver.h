// SPDX-License-Identifier: Apache-2.0
// Resolver: the addresses of names, by DNS and the hosts file as the system is set up (resolv.conf, nsswitch.conf), without
// blocking its loop. By c-ares, which stands behind resolver.cc alone. Not for workers: their endpoints are addresses.
//
// One loop's thread. stop() and then close() before it dies.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "async/loop.h"
#include "async/task.h"
#include "base/ip.h"
#include "base/result.h"

namespace cardea::net {

// What a name leads to.
struct Resolved {
  std::vector<base::IpAddress> addresses;  // sorted, each once, never none
  std::chrono::seconds ttl{0};             // of the answer that is out of date first; 0: it says nothing (the hosts file)
};

class Resolver {
 public:
  // An error when the system's configuration cannot be read.
  static base::Result<std::unique_ptr<Resolver>> create(async::Loop& loop);
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // The error names the name. Ends by itself, in seconds, whatever servers do.
  async::Task<base::Result<Resolved>> addresses_of(std::string name);

  // What is under way ends with an error, and nothing more is to be asked.
  void stop();
  async::Task<void> close();

 private:
  class Channel;
  explicit Resolver(std::unique_ptr<Channel> channel);
  std::unique_ptr<Channel> channel_;
};

}  // namespace cardea::net
