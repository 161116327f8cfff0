// SPDX-License-Identifier: Apache-2.0
// The command line. Pure: arguments in, a command or a text to print and an exit code out.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "app/settings.h"

namespace cardea::app {

inline constexpr int kExitUsage = 2;

struct Exit {
  int code = 0;      // 0: help was asked for, kExitUsage: the arguments are wrong
  std::string text;  // for stdout when the code is 0, else for stderr
};

// `arguments` without the program's name.
std::variant<Command, Exit> parse_flags(std::vector<std::string> arguments);

// "64k", "1M", "2g" (powers of 1024, either case), or bytes.
std::optional<std::uint64_t> parse_size(std::string_view text);
std::string format_size(std::uint64_t bytes);

}  // namespace cardea::app
