// SPDX-License-Identifier: Apache-2.0
// The program's log for people: lines on stderr with time and level. Not the access log, and not for the path of a
// request: a line takes a lock and may wait for stderr.
//
// Any thread may log. The level changes at run time; a line below it costs one relaxed load and formats nothing.
#pragma once

#include <fmt/core.h>

#include <atomic>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace cardea::base {

enum class LogLevel : std::uint8_t { Debug, Info, Warn, Error, Off };

// "debug", "info", "warn", "error", "off".
std::optional<LogLevel> parse_log_level(std::string_view text);
std::string_view to_string(LogLevel level);

void set_log_level(LogLevel level);  // Info from the start

namespace internal {
extern std::atomic<LogLevel> log_threshold;
}  // namespace internal

inline bool log_enabled(LogLevel level) { return level >= internal::log_threshold.load(std::memory_order_relaxed); }

// Writes `message` as one line (line breaks and control characters in it are escaped), whatever the level is set to.
void write_log(LogLevel level, std::string_view message);

template <class... Args>
void log_debug(fmt::format_string<Args...> format, Args&&... args) {
  if (log_enabled(LogLevel::Debug)) write_log(LogLevel::Debug, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void log_info(fmt::format_string<Args...> format, Args&&... args) {
  if (log_enabled(LogLevel::Info)) write_log(LogLevel::Info, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void log_warn(fmt::format_string<Args...> format, Args&&... args) {
  if (log_enabled(LogLevel::Warn)) write_log(LogLevel::Warn, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void log_error(fmt::format_string<Args...> format, Args&&... args) {
  if (log_enabled(LogLevel::Error)) write_log(LogLevel::Error, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace cardea::base
