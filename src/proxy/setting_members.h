// SPDX-License-Identifier: Apache-2.0
// Where each setting of the catalogue (plan/setting.h) stands in Settings: flags (app) and the plan of a Gateway
// (effective_settings.h) both fill them in here. Pure.
#pragma once

#include <string>
#include <string_view>

#include "plan/plan.h"
#include "proxy/settings.h"

namespace cardea::proxy {

// `setting.value` is canonical: whoever made the plan, or read the flag, has checked it. A setting without a place is passed over.
void set_member(Settings& settings, const plan::Setting& setting);

// What stands there, as a canonical value. Only of those that are a number, a duration, a choice or a bool; else empty.
std::string member_text(const Settings& settings, std::string_view setting);

// Whether a setting has a place in Settings. logLevel has none: it is of the whole program.
bool has_member(std::string_view setting);

}  // namespace cardea::proxy
