// SPDX-License-Identifier: Apache-2.0
// `cardea serve`: the whole gateway in one process, wired by hand. This thread is the control thread: one loop for
// watched files, signals, timers and the admin address; the data plane has threads of its own.
#pragma once

#include "app/settings.h"

namespace cardea::app {

// Runs until a signal; the process's exit code.
int run_serve(const ServeSettings& settings);

}  // namespace cardea::app
