// SPDX-License-Identifier: Apache-2.0
// Service (Kubernetes core/v1), reduced to what routing needs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "api/meta.h"

namespace cardea::api {

enum class ServiceType : std::uint8_t { ClusterIP, NodePort, LoadBalancer, ExternalName, Unknown };
template <>
struct EnumText<ServiceType> {
  static constexpr std::array<std::string_view, 4> kNames{"ClusterIP", "NodePort", "LoadBalancer", "ExternalName"};
};

enum class TransportProtocol : std::uint8_t { TCP, UDP, SCTP, Unknown };
template <>
struct EnumText<TransportProtocol> {
  static constexpr std::array<std::string_view, 3> kNames{"TCP", "UDP", "SCTP"};
};

enum class ServiceAffinity : std::uint8_t { None, ClientIP, Unknown };
template <>
struct EnumText<ServiceAffinity> {
  static constexpr std::array<std::string_view, 2> kNames{"None", "ClientIP"};
};

struct ServicePort {
  std::string name;  // may be empty when it is the only port
  std::uint16_t port = 0;
  std::variant<std::uint16_t, std::string> target_port;  // a number (the default: `port`) or a container port's name
  Enum<TransportProtocol> protocol = TransportProtocol::TCP;
  std::string app_protocol;  // empty: none

  bool operator==(const ServicePort&) const = default;
};

struct ServiceSpec {
  Enum<ServiceType> type = ServiceType::ClusterIP;
  std::vector<ServicePort> ports;
  std::string cluster_ip;  // "None": headless; empty: not given
  std::string external_name;
  StringMap selector;
  Enum<ServiceAffinity> session_affinity = ServiceAffinity::None;

  bool operator==(const ServiceSpec&) const = default;
};

struct Service {
  static constexpr std::string_view kKind = "Service";
  ObjectMeta metadata;
  ServiceSpec spec;

  bool operator==(const Service&) const = default;
};

}  // namespace cardea::api
