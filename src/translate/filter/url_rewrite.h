// SPDX-License-Identifier: Apache-2.0
// URLRewrite (facts, 6.6).
#pragma once

#include "translate/filter/filters.h"

namespace cardea::translate {

std::expected<plan::Filter, Problem> translate_url_rewrite(const api::HTTPURLRewriteFilter& filter, const FilterPlace& place);

}  // namespace cardea::translate
