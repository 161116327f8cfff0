// SPDX-License-Identifier: Apache-2.0
// sessionPersistence of a rule (GEP-1619; facts, 1.13, 6.16).
#pragma once

#include <span>
#include <string>
#include <vector>

#include "api/route.h"
#include "translate/route_rules.h"

namespace cardea::translate {

// Fills in `draft.rule.session`, or says what is wrong with it. After the draft has its matches and its place in the route.
void draft_session(const api::SessionPersistence& from, DraftRule& draft);
// One name in two rules of a route would let each take the other's clients: the later rule cannot have it.
void check_session_names(std::vector<std::string>& taken, DraftRule& draft);
// A Service that has its own idea of who stays where cannot be a backend of such a rule.
void check_affinity(std::span<const ResolvedBackend> backends, DraftRule& draft);

}  // namespace cardea::translate
