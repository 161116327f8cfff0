// SPDX-License-Identifier: Apache-2.0
#include "app/common_flags.h"

#include <fmt/format.h>

#include "base/ip.h"

namespace cardea::app {
namespace {

base::Result<> add_address(std::vector<std::string>& addresses, const std::string& text) {
  const auto ip = base::parse_ip(text);
  if (!ip) return base::fail(fmt::format("\"{}\" is not an IP address", text));
  addresses.push_back(base::to_string(*ip));
  return {};
}

}  // namespace

base::Result<> take_listen_at(ListenAt& value, const std::string& text) {
  const auto parsed = parse_listen_at(text);
  if (!parsed) return std::unexpected(parsed.error());
  value = *parsed;
  return {};
}

void add_admin_flag(FlagList& flags, ListenAt& admin) {
  flags.text("admin", "ADDRESS:PORT", [&admin](const std::string& text) { return take_listen_at(admin, text); },
             "/status, /plan, /metrics, /readyz, /livez, /build; *:PORT is all of IPv4 and IPv6, port 0 a free one", to_string(admin));
}

void add_bind_flag(FlagList& flags, proxy::Settings& settings) {
  flags.list("bind", "ADDRESS", [&settings](const std::string& text) { return add_address(settings.bind_addresses, text); },
             "where Gateways without spec.addresses listen; repeatable", "all of IPv4 and IPv6");
}

void add_access_log_flag(FlagList& flags, std::optional<std::string>& access_log) {
  const auto take = [&access_log](const std::string& text) -> base::Result<> {
    access_log = text.empty() ? "-" : text;
    return {};
  };
  flags.text("access-log", "[FILE]", take, "one JSON line per request into FILE; without FILE, or with -, to stdout", "off", Flag::Shape::OneOrNone);
}

void add_log_level_flag(FlagList& flags, base::LogLevel& level) {
  const auto take = [&level](const std::string& text) -> base::Result<> {
    const auto parsed = base::parse_log_level(text);
    if (!parsed) return base::fail(fmt::format("\"{}\" is not debug, info, warn, error or off", text));
    level = *parsed;
    return {};
  };
  flags.text("log-level", "LEVEL", take, "debug, info, warn, error or off; the log goes to stderr", "info");
}

void add_name_flags(FlagList& flags, proxy::NameLimits& names) {
  flags.group("Names of endpoints");
  flags.number("max-endpoint-names", names.max_names, "that endpoints give in place of addresses; more are not looked up");
  flags.number("max-endpoint-name-addresses", names.max_addresses, "of one such name; more are not used");
  flags.duration("min-name-ttl", names.min_ttl, "an answer of DNS is used at least so long; from 1s");
  flags.duration("max-name-ttl", names.max_ttl, "and at most so long; while no new one comes, longer");
}

}  // namespace cardea::app
