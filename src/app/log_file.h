// SPDX-License-Identifier: Apache-2.0
// LogFile: where the lines of the access log go. It never makes its caller wait for a reader: what a pipe or a terminal
// does not take now is kept, up to a limit, and beyond it dropped by whole lines and counted. Control thread only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace cardea::app {

class LogFile {
 public:
  static constexpr std::size_t kMaxPending = 1024 * 1024;

  // "-" is stdout; a file is appended to.
  static base::Result<LogFile> open(const std::string& name);
  LogFile(LogFile&& other) noexcept;
  LogFile& operator=(LogFile&&) = delete;
  ~LogFile();

  void write(std::string_view lines);
  // Opens the file of that name anew: somebody has renamed it to rotate it.
  base::Result<> reopen();
  std::uint64_t dropped_lines() const { return dropped_; }

 private:
  LogFile(std::string name, int descriptor);
  void flush();

  std::string name_;
  int descriptor_;
  bool may_block_;  // not a regular file
  std::string pending_;
  std::uint64_t dropped_ = 0;
};

}  // namespace cardea::app
