// SPDX-License-Identifier: Apache-2.0
// Flags that several commands have, and how the texts of such are read.
#pragma once

#include <optional>
#include <string>

#include "app/flag_list.h"
#include "app/listen_addresses.h"
#include "base/log.h"
#include "base/result.h"
#include "proxy/settings.h"

namespace cardea::app {

base::Result<> take_listen_at(ListenAt& value, const std::string& text);

void add_admin_flag(FlagList& flags, ListenAt& admin);
void add_bind_flag(FlagList& flags, proxy::Settings& settings);
void add_access_log_flag(FlagList& flags, std::optional<std::string>& access_log);
void add_log_level_flag(FlagList& flags, base::LogLevel& level);
// Of names that endpoints give in place of addresses, which are the process's, not a Gateway's.
void add_name_flags(FlagList& flags, proxy::NameLimits& names);

}  // namespace cardea::app
