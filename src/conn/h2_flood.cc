// SPDX-License-Identifier: Apache-2.0
#include "conn/h2_flood.h"

#include <algorithm>

namespace cardea::conn {
namespace {

// RFC 9113 section 6.
enum FrameType : std::uint8_t { kData, kHeaders, kPriority, kRstStream, kSettings, kPushPromise, kPing, kGoaway, kWindowUpdate, kContinuation };
constexpr std::uint8_t kEndStream = 1;
constexpr std::uint8_t kAck = 1;

// What a frame that carried something gives back. Many a client acknowledges every frame by two WINDOW_UPDATE, and gRPC
// measures the path by PING.
constexpr std::uint32_t kPingsForProgress = 1;
constexpr std::uint32_t kWindowUpdatesForProgress = 4;

constexpr std::array<std::string_view, static_cast<std::size_t>(H2Flood::kCount)> kNames = {
    "resets", "settings", "pings", "window_updates", "small_windows", "empty_data", "other_frames", "continuations", "field_list"};

}  // namespace

std::string_view flood_name(H2Flood kind) { return kNames[static_cast<std::size_t>(kind)]; }

H2FloodGuard::H2FloodGuard(const H2FloodLimits& limits, std::uint64_t now) : max_continuations_(limits.max_continuations) {
  const std::array<std::uint32_t, kBudgets> values = {limits.max_resets,         limits.max_settings,      limits.max_pings,
                                                      limits.max_window_updates, limits.max_small_windows, limits.max_empty_data,
                                                      limits.max_other_frames};
  for (std::size_t i = 0; i < kBudgets; ++i) budgets_[i] = {values[i], values[i], now};
}

bool H2FloodGuard::allow(H2Flood kind, std::uint64_t now) {
  Budget& budget = budgets_[static_cast<std::size_t>(kind)];
  if (budget.limit == 0) return true;
  if (budget.left == 0) {
    const std::uint64_t refill = std::min<std::uint64_t>((now - budget.refilled) * budget.limit / kRefillMs, budget.limit);
    if (refill != 0) budget.refilled = now;
    budget.left = static_cast<std::uint32_t>(refill);
  }
  if (budget.left == 0) {
    overdrawn_ = kind;
    return false;
  }
  --budget.left;
  return true;
}

bool H2FloodGuard::allow_frame(std::uint8_t type, std::uint8_t flags, std::size_t length, std::uint64_t now) {
  switch (type) {
    case kData:
      if (length != 0 || (flags & kEndStream) != 0) {
        progress();
        return true;
      }
      return allow(H2Flood::EmptyData, now);
    case kHeaders:
      continuations_ = 0;
      progress();
      return true;
    case kRstStream:
      return allow(H2Flood::Resets, now);
    case kSettings:
      return (flags & kAck) != 0 || allow(H2Flood::Settings, now);
    case kPing:
      return (flags & kAck) != 0 || allow(H2Flood::Pings, now);
    case kWindowUpdate:
      return allow(H2Flood::WindowUpdates, now);
    case kContinuation:
      if (max_continuations_ == 0 || ++continuations_ <= max_continuations_) return true;
      overdrawn_ = H2Flood::Continuations;
      return false;
    case kPushPromise:
    case kGoaway:
      return true;  // errors, or the end, by themselves
    default:
      return allow(H2Flood::OtherFrames, now);
  }
}

void H2FloodGuard::progress() {
  const auto give = [&](H2Flood kind, std::uint32_t amount) {
    Budget& budget = budgets_[static_cast<std::size_t>(kind)];
    budget.left = std::min(budget.limit, budget.left + amount);
  };
  give(H2Flood::Pings, kPingsForProgress);
  give(H2Flood::WindowUpdates, kWindowUpdatesForProgress);
}

}  // namespace cardea::conn
