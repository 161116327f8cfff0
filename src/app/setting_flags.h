// SPDX-License-Identifier: Apache-2.0
// The flags of the settings in the catalogue (plan/setting.h), of whoever runs a data plane: what a GatewayParameters object
// sets for one Gateway, a flag sets for all of a process, with the same bounds.
#pragma once

#include "app/flag_list.h"
#include "base/result.h"
#include "proxy/settings.h"

namespace cardea::app {

// How it runs; limits and time-outs; what it believes and tells; TLS.
void add_running_flags(FlagList& flags, proxy::Settings& settings);
void add_setting_flags(FlagList& flags, proxy::Settings& settings);

// What is wrong with them together.
base::Result<> check(const proxy::Settings& settings);

}  // namespace cardea::app
