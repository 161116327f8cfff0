// SPDX-License-Identifier: Apache-2.0
#include "app/process_settings.h"

#include "plan/setting.h"

namespace cardea::app {

void follow_log_level(const plan::PlanSet& plans, base::LogLevel by_default) {
  const std::string* wanted = plan::process_setting(plans, "logLevel");
  base::set_log_level(wanted ? base::parse_log_level(*wanted).value_or(by_default) : by_default);
}

}  // namespace cardea::app
