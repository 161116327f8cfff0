// SPDX-License-Identifier: Apache-2.0
// JSON in and out (RFC 8259). Strict: UTF-8, no comments, no member twice, bounded depth.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/value.h"

namespace cardea::base {

inline constexpr int kMaxDepth = 100;  // of arrays and objects in each other; YAML has the same limit

// The whole of `text` as one value. An error names line and column. Integers that int64 cannot hold become doubles.
Result<Value> parse_json(std::string_view text);

// One line, no spaces, members in their order. A double always shows a point or an exponent and reads back as itself;
// what JSON cannot say is replaced: infinities by null, bytes that are not UTF-8 by U+FFFD.
std::string to_json(const Value& value);
// Indented by two spaces and ended by a line break, for people and golden files.
std::string to_pretty_json(const Value& value);

}  // namespace cardea::base
