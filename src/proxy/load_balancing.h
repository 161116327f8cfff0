// SPDX-License-Identifier: Apache-2.0
// How one of a backend's endpoints is chosen for a request.
#pragma once

#include <cstdint>

namespace cardea::proxy {

enum class LoadBalancing : std::uint8_t {
  LeastOfTwo,  // of two random ones, the one that this worker has fewer requests under way with
  RoundRobin,  // each in turn, per worker
  Random,
  Hash,  // the same key finds the same endpoint while it is there; one that comes or goes moves its own share of keys alone
};

// What a hash is made of. A request without it is balanced by LeastOfTwo.
enum class HashOn : std::uint8_t { SourceAddress, Header, Cookie };

struct BalanceBy {
  LoadBalancing policy = LoadBalancing::LeastOfTwo;
  std::uint64_t key = 0;  // Hash
};

}  // namespace cardea::proxy
