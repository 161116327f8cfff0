// SPDX-License-Identifier: Apache-2.0
// The path of a RequestRedirect or URLRewrite (facts, 6.6).
#pragma once

#include <expected>
#include <optional>

#include "translate/filter/filters.h"

namespace cardea::translate {

std::expected<plan::PathModifier, Problem> translate_path_modifier(const std::optional<api::HTTPPathModifier>& path,
                                                                   const FilterPlace& place);

}  // namespace cardea::translate
