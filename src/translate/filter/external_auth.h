// SPDX-License-Identifier: Apache-2.0
// ExternalAuth (GEP-1494; facts, 6.15). A backendRef that cannot be resolved is told in ResolvedRefs, and lets nothing pass.
#pragma once

#include "translate/filter/filters.h"

namespace cardea::translate {

std::expected<plan::Filter, Problem> translate_external_auth(const api::HTTPExternalAuthFilter& filter,
                                                             const ResolvedBackend& resolved);

}  // namespace cardea::translate
