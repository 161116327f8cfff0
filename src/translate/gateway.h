// SPDX-License-Identifier: Apache-2.0
// Gateways: which are ours, what is wrong with them as a whole, and their listeners, own and of ListenerSets, with all
// conflicts settled (facts, 1.4, 2.2, 6.10, 6.20).
#pragma once

#include <string>
#include <vector>

#include "translate/context.h"
#include "translate/model.h"

namespace cardea::translate {

Gateways build_gateways(Context& context);

}  // namespace cardea::translate
