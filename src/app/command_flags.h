// SPDX-License-Identifier: Apache-2.0
// The flags of each command: one file a command, which fill its settings, and what is wrong with them together. Pure.
#pragma once

#include "app/flag_list.h"
#include "app/settings.h"
#include "base/result.h"

namespace cardea::app {

// With the defaults that are not in the settings themselves.
ServeSettings default_serve_settings();
ProxySettings default_proxy_settings();
ControllerSettings default_controller_settings();
EchoSettings default_echo_settings();

// The settings are filled while the command line is read, and must live until then.
void add_flags(FlagList& flags, ServeSettings& settings);
void add_flags(FlagList& flags, ProxySettings& settings);
void add_flags(FlagList& flags, ControllerSettings& settings);
void add_flags(FlagList& flags, EchoSettings& settings);

// What is wrong with them together; also fills in what follows from others.
base::Result<> complete(ServeSettings& settings);
base::Result<> complete(ProxySettings& settings);
base::Result<> complete(ControllerSettings& settings);
base::Result<> complete(EchoSettings& settings);

}  // namespace cardea::app
