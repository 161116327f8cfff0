// SPDX-License-Identifier: Apache-2.0
// H2PeerStreams: which streams a peer has begun on one HTTP/2 connection, and which of them we reset: what it sent there
// before it heard of that is to be ignored, where on other closed streams it is an error (RFC 9113 section 5.1). Pure.
//
// Exact for the last kRemembered stream numbers. Of older ones it says that they may have been reset: RFC 9113 lets one
// ignore what comes on a closed stream, and a peer must never be cut off for what it could not know.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>

namespace cardea::conn {

class H2PeerStreams {
 public:
  static constexpr std::size_t kRemembered = 2048;

  // False: not above all before, or not a client's number, which is odd.
  bool begin(std::int32_t id);
  // We reset it.
  void reset(std::int32_t id);

  // It, or one after it, was begun.
  bool is_past(std::int32_t id) const { return id % 2 == 1 && place_of(id) < passed_; }
  bool may_have_been_reset(std::int32_t id) const { return !is_remembered(id) || resets_[place_of(id) % kRemembered]; }
  // No number was passed over, which would have closed it unused (section 5.1.1).
  bool all_begun() const { return begun_ == passed_; }

 private:
  static std::size_t place_of(std::int32_t id) { return static_cast<std::size_t>(id) / 2; }
  bool is_remembered(std::int32_t id) const { return is_past(id) && passed_ - place_of(id) <= kRemembered; }

  std::size_t passed_ = 0;  // the place after the highest
  std::size_t begun_ = 0;
  std::bitset<kRemembered> resets_;
};

}  // namespace cardea::conn
