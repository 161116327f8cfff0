// SPDX-License-Identifier: Apache-2.0
// HTTPPathModifier: what a redirect or a rewrite makes of a path (facts, 6.6). Pure.
#pragma once

#include <string_view>

#include "base/result.h"
#include "http/text_arena.h"
#include "plan/plan.h"

namespace cardea::proxy {

// The path after the modifier: in the normal form of paths (so percent-encoded where it must be), starting with exactly
// one '/', never empty. `path` is the request's, in normal form; it comes back as it is without a modifier, or where it
// does not have the prefix. The result is `path`, in the plan or in the arena.
std::string_view modified_path(const plan::PathModifier& modifier, std::string_view path, http::TextArena& arena);

// Whether the modifier's own text can stand in a request at all (dot segments above the root, encoded separators).
base::Result<> check_path_modifier(const plan::PathModifier& modifier);

}  // namespace cardea::proxy
