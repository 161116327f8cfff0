// SPDX-License-Identifier: Apache-2.0
// H2FloodGuard: how much of what brings nothing forward a peer may send on one HTTP/2 connection (RFC 9113 section 10.5).
// Pure: frames and times in, verdicts out.
//
// Each kind has a budget that refills within kRefillMs; where honest peers send more of a kind the more data flows, data
// refills it too. A peer that overdraws one is told ENHANCE_YOUR_CALM, and its connection ends.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cardea::conn {

enum class H2Flood : std::uint8_t {
  Resets,         // streams reset by the peer, or by us because of a fault of the peer ("rapid reset")
  Settings,       // SETTINGS
  Pings,          // PING
  WindowUpdates,  // WINDOW_UPDATE
  SmallWindows,   // DATA frames that a window made tiny
  EmptyData,      // DATA that holds nothing and ends nothing
  OtherFrames,    // PRIORITY and frames of unknown types
  Continuations,  // CONTINUATION of one field list: no budget, a limit
  FieldList,      // a field list far over its limit once HPACK is undone ("HPACK bomb"): no budget, a limit
  kCount,
};
std::string_view flood_name(H2Flood kind);  // "resets"

// The budgets. 0: no limit.
struct H2FloodLimits {
  std::uint32_t max_resets = 1000;
  std::uint32_t max_settings = 100;
  std::uint32_t max_pings = 1000;
  std::uint32_t max_window_updates = 2000;
  std::uint32_t max_small_windows = 1000;
  std::uint32_t max_empty_data = 100;
  std::uint32_t max_other_frames = 1000;
  std::uint32_t max_continuations = 16;
};

class H2FloodGuard {
 public:
  static constexpr std::uint64_t kRefillMs = 30'000;
  // Windows that allow less than this for a DATA frame are small.
  static constexpr std::size_t kSmallWindow = 256;

  H2FloodGuard(const H2FloodLimits& limits, std::uint64_t now);

  // One more of that kind; false: too many.
  bool allow(H2Flood kind, std::uint64_t now);
  // A frame of the peer: its type, flags and length (RFC 9113 section 4.1).
  bool allow_frame(std::uint8_t type, std::uint8_t flags, std::size_t length, std::uint64_t now);
  // A frame that carried something, in either direction.
  void progress();
  // The kind that was overdrawn, after allow() said no.
  H2Flood overdrawn() const { return overdrawn_; }

 private:
  struct Budget {
    std::uint32_t limit = 0;
    std::uint32_t left = 0;
    std::uint64_t refilled = 0;  // time up to which it was
  };
  static constexpr std::size_t kBudgets = static_cast<std::size_t>(H2Flood::Continuations);

  std::array<Budget, kBudgets> budgets_;
  std::uint32_t max_continuations_;
  std::uint32_t continuations_ = 0;
  H2Flood overdrawn_ = H2Flood::Resets;
};

}  // namespace cardea::conn
