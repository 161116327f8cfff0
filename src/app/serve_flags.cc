// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "app/command_flags.h"
#include "app/common_flags.h"
#include "app/setting_flags.h"
#include "base/strings.h"

namespace cardea::app {
namespace {

base::Result<> add_port_map(ServeSettings& settings, const std::string& text) {
  const auto parts = base::split(text, '=');
  const auto port = [&parts](std::size_t i) { return base::parse_uint<std::uint16_t>(parts[i]).value_or(0); };
  if (parts.size() != 2 || port(0) == 0 || port(1) == 0) {
    return base::fail(fmt::format("\"{}\" is not a listener's port and the port to bind, such as 80=8080", text));
  }
  if (!settings.port_map.emplace(port(0), port(1)).second) return base::fail(fmt::format("port {} is mapped twice", port(0)));
  return {};
}

}  // namespace

ServeSettings default_serve_settings() {
  ServeSettings settings;
  settings.admin = *parse_listen_at("127.0.0.1:9901");
  settings.proxy.local_names = true;
  return settings;
}

void add_flags(FlagList& flags, ServeSettings& settings) {
  flags.group("Where it listens");
  add_bind_flag(flags, settings.proxy);
  flags.list("port-map", "PORT=PORT", [&settings](const std::string& text) { return add_port_map(settings, text); },
             "80=8080 listens on 8080 for listeners of port 80; repeatable");
  flags.yes("advertise-port-map", settings.advertise_port_map, "redirects name the mapped port, not the listener's");
  add_admin_flag(flags, settings.admin);

  flags.group("What it tells");
  flags.text("status-dir", "DIR", keep(settings.status_dir), "writes the status of every object there, as KIND.NAMESPACE.NAME.yaml");
  add_access_log_flag(flags, settings.access_log);
  add_log_level_flag(flags, settings.log_level);

  flags.group("How it runs");
  add_running_flags(flags, settings.proxy);
  flags.duration("drain-timeout", settings.drain_timeout, "how long requests under way may take to end after TERM");
  add_setting_flags(flags, settings.proxy);
  add_name_flags(flags, settings.proxy.names);
}

base::Result<> complete(ServeSettings& settings) {
  settings.proxy.access_log = settings.access_log.has_value();
  return check(settings.proxy);
}

}  // namespace cardea::app
