// SPDX-License-Identifier: Apache-2.0
// RequestMirror (facts, 6.7, 6.14). A backendRef that cannot be resolved is told in ResolvedRefs and costs the copies alone.
#pragma once

#include "translate/filter/filters.h"

namespace cardea::translate {

std::expected<plan::Filter, Problem> translate_request_mirror(const api::HTTPRequestMirrorFilter& filter,
                                                              const ResolvedBackend& resolved);

}  // namespace cardea::translate
