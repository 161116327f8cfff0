// SPDX-License-Identifier: Apache-2.0
// RequestRedirect (facts, 6.5).
#pragma once

#include "translate/filter/filters.h"

namespace cardea::translate {

std::expected<plan::Filter, Problem> translate_request_redirect(const api::HTTPRequestRedirectFilter& filter,
                                                                const FilterPlace& place);

}  // namespace cardea::translate
