// SPDX-License-Identifier: Apache-2.0
// JSON in and out (RFC 8259). Strict: UTF-8, no comments, no member twice, bounded depth.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/value.h"

namespace cardea::base {

// The whole of `text` as one value. An error names line and column.
Result<Value> parse_json(std::string_view text);

// One line, no spaces, members in their order.
std::string to_json(const Value& value);
// Indented by two spaces, for people and golden files.
std::string to_pretty_json(const Value& value);

}  // namespace cardea::base
