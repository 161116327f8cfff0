// SPDX-License-Identifier: Apache-2.0
// The command line. Pure: arguments in, a command or a text to print and an exit code out.
#pragma once

#include <string>
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

}  // namespace cardea::app
