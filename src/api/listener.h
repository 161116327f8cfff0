// SPDX-License-Identifier: Apache-2.0
// Listener, the part that Gateway and ListenerSet have in common (Gateway API v1.6.1).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/enum.h"
#include "api/meta.h"
#include "api/references.h"

namespace cardea::api {

// Open: a protocol that we do not know is Unknown, in files too (facts, 2.3: UnsupportedProtocol).
enum class ProtocolType : std::uint8_t { HTTP, HTTPS, TLS, TCP, UDP, Unknown };
template <>
struct EnumText<ProtocolType> {
  static constexpr std::array<std::string_view, 5> kNames{"HTTP", "HTTPS", "TLS", "TCP", "UDP"};
};

enum class TLSModeType : std::uint8_t { Terminate, Passthrough, Unknown };
template <>
struct EnumText<TLSModeType> {
  static constexpr std::array<std::string_view, 2> kNames{"Terminate", "Passthrough"};
};

// For allowedRoutes (never None) and allowedListeners.
enum class FromNamespaces : std::uint8_t { Same, All, Selector, None, Unknown };
template <>
struct EnumText<FromNamespaces> {
  static constexpr std::array<std::string_view, 4> kNames{"Same", "All", "Selector", "None"};
};

struct ListenerTLSConfig {
  Enum<TLSModeType> mode = TLSModeType::Terminate;
  std::vector<SecretObjectReference> certificate_refs;
  StringMap options;

  bool operator==(const ListenerTLSConfig&) const = default;
};

struct RouteGroupKind {
  std::string group = "gateway.networking.k8s.io";
  std::string kind;

  bool operator==(const RouteGroupKind&) const = default;
};

struct RouteNamespaces {
  Enum<FromNamespaces> from = FromNamespaces::Same;
  std::optional<LabelSelector> selector;

  bool operator==(const RouteNamespaces&) const = default;
};

struct AllowedRoutes {
  RouteNamespaces namespaces;
  std::vector<RouteGroupKind> kinds;  // empty: what the protocol serves

  bool operator==(const AllowedRoutes&) const = default;
};

struct Listener {
  std::string name;
  std::string hostname;  // empty: every host
  std::uint16_t port = 0;
  Enum<ProtocolType> protocol;
  std::optional<ListenerTLSConfig> tls;
  AllowedRoutes allowed_routes;

  bool operator==(const Listener&) const = default;
};

}  // namespace cardea::api
