// SPDX-License-Identifier: Apache-2.0
// The last step towards the data plane: what the earlier steps decided, as a plan.
#pragma once

#include "translate/context.h"
#include "translate/model.h"

namespace cardea::translate {

// Null for a Gateway that is refused as a whole. Remembers in each listener what was planned for it.
plan::Ref<plan::Plan> assemble_plan(GatewayModel& gateway, Context& context);

}  // namespace cardea::translate
