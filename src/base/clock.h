// SPDX-License-Identifier: Apache-2.0
// Times and durations as text. Who needs "now" is given it: pure code never asks a clock.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace cardea::base {

using WallTime = std::chrono::sys_time<std::chrono::microseconds>;

// RFC 3339 in UTC with seconds ("2026-01-31T23:59:59Z"), as Kubernetes writes metav1.Time.
std::string format_rfc3339(WallTime time);
// The same with milliseconds, for log lines.
std::string format_rfc3339_millis(WallTime time);
// Any RFC 3339 date and time, with fraction and offset; nothing when it is none.
std::optional<WallTime> parse_rfc3339(std::string_view text);

// A Gateway API Duration (GEP-2257): one to four of "<1 to 5 digits>(h|m|s|ms)", such as "1h30m" or "0s". Flags use the
// same form.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);
// Shortest such form: 90000 ms is "1m30s", 0 is "0s". Beyond what the form can hold ("99999h59m59s999ms") it still
// prints, with more digits.
std::string format_duration(std::chrono::milliseconds duration);

}  // namespace cardea::base
