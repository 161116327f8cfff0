// SPDX-License-Identifier: Apache-2.0
// Gateway (Gateway API v1.6.1, both channels).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/listener.h"
#include "api/rare.h"

namespace cardea::api {

// Open: domain-prefixed types are Unknown, in files too.
enum class AddressType : std::uint8_t { IPAddress, Hostname, NamedAddress, Unknown };
template <>
struct EnumText<AddressType> {
  static constexpr std::array<std::string_view, 3> kNames{"IPAddress", "Hostname", "NamedAddress"};
};

// spec.addresses (empty value: any of this type) and status.addresses.
struct GatewayAddress {
  Enum<AddressType> type = AddressType::IPAddress;
  std::string value;

  bool operator==(const GatewayAddress&) const = default;
};

struct GatewayInfrastructure {
  StringMap labels;
  StringMap annotations;
  std::optional<LocalObjectReference> parameters_ref;

  bool operator==(const GatewayInfrastructure&) const = default;
};

struct ListenerNamespaces {
  Enum<FromNamespaces> from = FromNamespaces::None;
  std::optional<LabelSelector> selector;

  bool operator==(const ListenerNamespaces&) const = default;
};

struct AllowedListeners {
  ListenerNamespaces namespaces;

  bool operator==(const AllowedListeners&) const = default;
};

enum class FrontendValidationMode : std::uint8_t { AllowValidOnly, AllowInsecureFallback, Unknown };
template <>
struct EnumText<FrontendValidationMode> {
  static constexpr std::array<std::string_view, 2> kNames{"AllowValidOnly", "AllowInsecureFallback"};
};

// How certificates of clients are checked.
struct FrontendTLSValidation {
  std::vector<ObjectReference> ca_certificate_refs;
  Enum<FrontendValidationMode> mode = FrontendValidationMode::AllowValidOnly;

  bool operator==(const FrontendTLSValidation&) const = default;
};
struct TLSConfig {
  std::optional<FrontendTLSValidation> validation;

  bool operator==(const TLSConfig&) const = default;
};
struct TLSPortConfig {
  std::uint16_t port = 0;
  TLSConfig tls;

  bool operator==(const TLSPortConfig&) const = default;
};
struct FrontendTLSConfig {
  TLSConfig default_;
  std::vector<TLSPortConfig> per_port;  // an entry replaces the default for its port

  bool operator==(const FrontendTLSConfig&) const = default;
};

struct GatewayBackendTLS {
  std::optional<SecretObjectReference> client_certificate_ref;

  bool operator==(const GatewayBackendTLS&) const = default;
};
struct GatewayTLSConfig {
  std::optional<GatewayBackendTLS> backend;
  std::optional<FrontendTLSConfig> frontend;

  bool operator==(const GatewayTLSConfig&) const = default;
};

enum class DefaultScope : std::uint8_t { None, All, Unknown };  // experimental; absent is None
template <>
struct EnumText<DefaultScope> {
  static constexpr std::array<std::string_view, 2> kNames{"None", "All"};
};

struct GatewaySpec {
  std::string gateway_class_name;
  std::vector<Listener> listeners;
  std::vector<GatewayAddress> addresses;
  Rare<GatewayInfrastructure> infrastructure;
  AllowedListeners allowed_listeners;  // absent: from None
  Rare<GatewayTLSConfig> tls;
  Enum<DefaultScope> default_scope;

  bool operator==(const GatewaySpec&) const = default;
};

struct Gateway {
  static constexpr std::string_view kKind = "Gateway";
  ObjectMeta metadata;
  GatewaySpec spec;

  bool operator==(const Gateway&) const = default;
};

}  // namespace cardea::api
