// SPDX-License-Identifier: Apache-2.0
// `cardea controller`: the Gateway API of a cluster, wired by hand: objects from the API server, plans to proxies, statuses
// back, proxies provisioned. One thread, one loop.
#pragma once

#include "app/settings.h"

namespace cardea::app {

// Runs until a signal; the process's exit code.
int run_controller(const ControllerSettings& settings);

}  // namespace cardea::app
