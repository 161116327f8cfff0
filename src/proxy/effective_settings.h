// SPDX-License-Identifier: Apache-2.0
// Settings as they hold for one Gateway: those of the process, and over them what the Gateway's plan sets
// (plan/setting.h). Made on the control thread; immutable; read by every worker.
#pragma once

#include <map>

#include "conn/h2_client.h"
#include "conn/h2_server.h"
#include "http/limits.h"
#include "plan/plan.h"
#include "proxy/settings.h"

namespace cardea::proxy {

struct EffectiveSettings {
  Settings settings;
  // The same, as the codecs take them.
  http::Limits request_limits;
  http::Limits response_limits;
  conn::H2ClientOptions http2_client;
  conn::H2ServerOptions http2;
};

EffectiveSettings effective_settings(const Settings& process, const plan::Settings& own);

// Each content once, kept as long as the data plane: connections and pools refer to it without counting, and a Gateway
// that goes back to what it had before finds it again.
class SettingsTable {
 public:
  explicit SettingsTable(const Settings& process) : process_(effective_settings(process, {})) {}
  SettingsTable(const SettingsTable&) = delete;
  SettingsTable& operator=(const SettingsTable&) = delete;

  const EffectiveSettings& process() const { return process_; }
  const EffectiveSettings& of(const plan::Plan& plan);

 private:
  EffectiveSettings process_;
  std::map<std::vector<plan::Setting>, EffectiveSettings> of_plans_;  // by content: not every plan's hash is that of what is in force
};

}  // namespace cardea::proxy
