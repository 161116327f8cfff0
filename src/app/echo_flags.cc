// SPDX-License-Identifier: Apache-2.0
#include "app/command_flags.h"
#include "app/common_flags.h"

namespace cardea::app {

EchoSettings default_echo_settings() {
  EchoSettings settings;
  settings.name = "echo";
  return settings;
}

void add_flags(FlagList& flags, EchoSettings& settings) {
  flags.list("listen", "ADDRESS:PORT",
             [&settings](const std::string& text) { return take_listen_at(settings.listen.emplace_back(), text); },
             "where it listens, HTTP/1.1 and HTTP/2; repeatable; *:PORT is all of IPv4 and IPv6, port 0 a free one",
             "127.0.0.1:8080, unless --listen-tls is given");
  flags.list("listen-tls", "ADDRESS:PORT",
             [&settings](const std::string& text) { return take_listen_at(settings.listen_tls.emplace_back(), text); },
             "the same with TLS; repeatable");
  flags.text("tls-certificate", "FILE", keep(settings.tls_certificate), "its chain in PEM", "one that it makes itself");
  flags.text("tls-key", "FILE", keep(settings.tls_key), "the chain's private key in PEM");
  flags.text("name", "NAME", keep(settings.name), "who it says it is", settings.name);
  add_log_level_flag(flags, settings.log_level);
}

base::Result<> complete(EchoSettings& settings) {
  if (settings.tls_certificate.has_value() != settings.tls_key.has_value()) {
    return base::fail("--tls-certificate and --tls-key are of use together only");
  }
  if (settings.listen.empty() && settings.listen_tls.empty()) settings.listen.push_back(*parse_listen_at("127.0.0.1:8080"));
  return {};
}

}  // namespace cardea::app
