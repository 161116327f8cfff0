// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "app/command_flags.h"
#include "app/common_flags.h"
#include "app/setting_flags.h"
#include "base/strings.h"

namespace cardea::app {
namespace {

// "cardea-controller.cardea-system.svc:18000", "10.0.0.7:18000", "[::1]:18000".
base::Result<> add_controller(ProxySettings& settings, const std::string& text) {
  const std::size_t colon = text.rfind(':');
  const auto port = colon == std::string::npos ? std::nullopt : base::parse_uint<std::uint16_t>(std::string_view(text).substr(colon + 1));
  std::string host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const bool name_or_ip = !host.empty() && (!host.contains(':') || base::parse_ip(host));
  if (!port || *port == 0 || !name_or_ip) return base::fail(fmt::format("\"{}\" is not HOST:PORT", text));
  settings.controllers.push_back({std::move(host), *port});
  return {};
}

base::Result<> take_gateway(std::optional<plan::ObjectName>& gateway, const std::string& text) {
  const auto parts = base::split(text, '/');
  if (parts.size() != 2 || parts[0].empty() || parts[1].empty()) return base::fail(fmt::format("\"{}\" is not NAMESPACE/NAME", text));
  gateway = plan::ObjectName{std::string(parts[0]), std::string(parts[1])};
  return {};
}

}  // namespace

ProxySettings default_proxy_settings() {
  ProxySettings settings;
  settings.admin = *parse_listen_at("127.0.0.1:9901");
  return settings;
}

void add_flags(FlagList& flags, ProxySettings& settings) {
  flags.group("Whom it asks");
  flags.list("controller", "HOST:PORT", [&settings](const std::string& text) { return add_controller(settings, text); },
             "where plans come from: an address, or a name whose every address is a controller; repeatable");
  flags.text("gateway", "NAMESPACE/NAME", [&settings](const std::string& text) { return take_gateway(settings.gateway, text); },
             "the plan of any other Gateway is refused");
  flags.text("token-file", "FILE", keep(settings.token_file), "a ServiceAccount token for the audience cardea-controller", settings.token_file);
  flags.text("ca-file", "FILE", keep(settings.ca_file), "PEM of the CAs that a controller's certificate may be of", settings.ca_file);

  flags.group("Where it listens");
  add_bind_flag(flags, settings.proxy);
  add_admin_flag(flags, settings.admin);

  flags.group("What it tells");
  add_access_log_flag(flags, settings.access_log);
  add_log_level_flag(flags, settings.log_level);

  flags.group("How it runs");
  add_running_flags(flags, settings.proxy);
  flags.duration("drain-timeout", settings.drain_timeout, "how long requests under way may take to end after TERM");
  flags.duration("drain-delay", settings.drain_delay, "how long it goes on as before after TERM, so that everybody hears that it goes");
  add_setting_flags(flags, settings.proxy);
  add_name_flags(flags, settings.proxy.names);
}

base::Result<> complete(ProxySettings& settings) {
  settings.proxy.access_log = settings.access_log.has_value();
  if (settings.controllers.empty()) return base::fail("--controller is missing");
  return check(settings.proxy);
}

}  // namespace cardea::app
