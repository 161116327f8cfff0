// SPDX-License-Identifier: Apache-2.0
// CORS (facts, 1.6, 6.13).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "translate/filter/filters.h"

namespace cardea::translate {

std::expected<plan::Filter, Problem> translate_cors(const api::HTTPCORSFilter& filter);

// An allowed origin as it is compared: lower case, without the port that its scheme has anyway. Nothing when it is none.
std::optional<std::string> normal_origin(std::string_view origin);

}  // namespace cardea::translate
