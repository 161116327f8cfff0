// SPDX-License-Identifier: Apache-2.0
// What the command line asked for, as values. Filled by flags.h, read once at start-up.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "app/listen_addresses.h"
#include "base/log.h"
#include "cluster/api_source.h"
#include "cluster/leader_election.h"
#include "cluster/plan_server.h"
#include "kube/client.h"
#include "proxy/plan_client.h"
#include "proxy/settings.h"

namespace cardea::app {

struct ServeSettings {
  std::vector<std::string> paths;
  std::map<std::uint16_t, std::uint16_t> port_map;  // listener port -> bound port
  bool advertise_port_map = false;
  ListenAt admin;
  std::optional<std::string> status_dir;
  std::chrono::milliseconds drain_timeout{30'000};
  std::optional<std::string> access_log;  // a file; "-" is stdout
  base::LogLevel log_level = base::LogLevel::Info;
  proxy::Settings proxy;  // bind_addresses: as given; empty means all of IPv4 and IPv6
};

struct ProxySettings {
  std::vector<proxy::PlanClientOptions::Controller> controllers;
  std::optional<plan::ObjectName> gateway;  // whose plan it takes; nothing: whatever its account is given
  std::string token_file = "/var/run/cardea/token";
  std::string ca_file = "/var/run/cardea/ca.crt";
  ListenAt admin;
  std::chrono::milliseconds drain_delay{5'000};
  std::chrono::milliseconds drain_timeout{30'000};
  std::optional<std::string> access_log;  // a file; "-" is stdout
  base::LogLevel log_level = base::LogLevel::Info;
  proxy::Settings proxy;  // bind_addresses: as given; empty means all of IPv4 and IPv6
};

struct ControllerSettings {
  std::string kubeconfig;  // empty: found as kubectl does, or the pod's own
  std::string context;
  std::string namespace_;  // of the lease and of our own objects; empty: where we are
  std::string controller_name = "cardea.dev/gateway-controller";
  cluster::WatchScope scope;
  bool no_leader_election = false;
  cluster::LeaderSettings lease;  // without namespace and identity
  ListenAt admin;
  ListenAt plans;
  std::string plans_address;  // where proxies reach `plans`; empty: our Service
  std::string proxy_image = "cardea:dev";
  kube::ClientLimits kube;
  std::uint32_t page_size = 500;
  std::chrono::milliseconds outage_grace = cluster::kOutageGrace;
  std::chrono::milliseconds status_hold{1'000};
  std::size_t status_writes = 8;
  cluster::PlanServerLimits plan_server;
  base::LogLevel log_level = base::LogLevel::Info;
};

struct EchoSettings {
  std::vector<ListenAt> listen;
  std::vector<ListenAt> listen_tls;
  // PEM files, both or none; none: a certificate that it makes itself.
  std::optional<std::string> tls_certificate;
  std::optional<std::string> tls_key;
  std::string name;
  base::LogLevel log_level = base::LogLevel::Info;
};

struct VersionSettings {};

using Command = std::variant<ServeSettings, ControllerSettings, ProxySettings, EchoSettings, VersionSettings>;

}  // namespace cardea::app
