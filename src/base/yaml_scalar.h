// SPDX-License-Identifier: Apache-2.0
// What a YAML scalar means: YAML 1.1's core types as Kubernetes' reader resolves them. Part of the YAML reader and
// writer; nobody else's.
#pragma once

#include <string_view>

#include "base/result.h"
#include "base/value.h"

namespace cardea::base {

// `tag` is empty or a whole tag ("tag:yaml.org,2002:str"); `plain`: without quotes, not a block.
Result<Value> resolve_scalar(std::string_view text, bool plain, std::string_view tag);

// What a plain scalar without a tag means. Timestamps and base 60 numbers are strings, infinities are not resolved.
Value resolve_plain(std::string_view text);

// Whether some YAML 1.1 reader takes the plain scalar `text` for anything but that string.
bool is_misread_when_plain(std::string_view text);

}  // namespace cardea::base
