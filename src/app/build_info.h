// SPDX-License-Identifier: Apache-2.0
// What this program was built from.
#pragma once

#include <string>

#include "base/value.h"

namespace cardea::app {

base::Value build_info();    // {name, version, commit, commitDate, compiler, cxxStandard, build}
std::string version_line();  // "cardea 0.1.0 (commit 0123456789ab of 2026-01-31, clang 19.1.7)"

}  // namespace cardea::app
