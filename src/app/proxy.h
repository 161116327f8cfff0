// SPDX-License-Identifier: Apache-2.0
// `cardea proxy`: the data plane of one Gateway, told by the controllers of a cluster.
#pragma once

#include "app/settings.h"

namespace cardea::app {

// Runs until a signal ends it; the exit code.
int run_proxy(const ProxySettings& settings);

}  // namespace cardea::app
