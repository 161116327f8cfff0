// SPDX-License-Identifier: Apache-2.0
#include "conn/h2_peer_streams.h"

namespace cardea::conn {

bool H2PeerStreams::begin(std::int32_t id) {
  const std::size_t place = place_of(id);
  if (id % 2 != 1 || place < passed_) return false;
  // The bits from here on were those of older streams.
  if (place - passed_ >= kRemembered) resets_.reset();
  else for (; passed_ <= place; ++passed_) resets_.reset(passed_ % kRemembered);
  passed_ = place + 1;
  ++begun_;
  return true;
}

void H2PeerStreams::reset(std::int32_t id) {
  if (is_remembered(id)) resets_.set(place_of(id) % kRemembered);
}

}  // namespace cardea::conn
