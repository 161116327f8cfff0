// SPDX-License-Identifier: Apache-2.0
// Sealing: turns a finished part of a plan into an immutable one with its hash, from the inside out. Whoever makes
// parts (translation, the reader of the JSON form, tests) makes them with these and never fills in `hash` by hand.
//
// The hash is over the part's canonical JSON form; a part inside it counts by its own hash, so it must be sealed first.
// Order counts as it stands: sort first what plan.h says is sorted.
#pragma once

#include "plan/plan.h"

namespace cardea::plan {

Ref<Backend> seal(Backend part);
Ref<Rule> seal(Rule part);
Ref<VirtualHost> seal(VirtualHost part);
Ref<Listener> seal(Listener part);
Ref<Routing> seal(Routing part);
Ref<BackendEndpoints> seal(BackendEndpoints part);
Ref<Endpoints> seal(Endpoints part);
Ref<Certificate> seal(Certificate part);
Ref<CaBundle> seal(CaBundle part);
Ref<Secrets> seal(Secrets part);
Ref<Settings> seal(Settings part);

// The parts of a plan that were left null become sealed empty ones, so that readers need not ask.
Ref<Plan> seal(Plan plan);

}  // namespace cardea::plan
