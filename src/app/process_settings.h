// SPDX-License-Identifier: Apache-2.0
// Settings of GatewayParameters that are the whole process's and can change while it runs.
#pragma once

#include "base/log.h"
#include "plan/plan.h"

namespace cardea::app {

// The log level that the plans set, or `by_default`, which came by flag.
void follow_log_level(const plan::PlanSet& plans, base::LogLevel by_default);

}  // namespace cardea::app
