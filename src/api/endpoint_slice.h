// SPDX-License-Identifier: Apache-2.0
// EndpointSlice (Kubernetes discovery.k8s.io/v1), reduced to what routing needs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/service.h"

namespace cardea::api {

inline constexpr std::string_view kServiceNameLabel = "kubernetes.io/service-name";

enum class EndpointAddressType : std::uint8_t { IPv4, IPv6, FQDN, Unknown };
template <>
struct EnumText<EndpointAddressType> {
  static constexpr std::array<std::string_view, 3> kNames{"IPv4", "IPv6", "FQDN"};
};

struct EndpointConditions {
  std::optional<bool> ready;
  std::optional<bool> serving;
  std::optional<bool> terminating;

  // As the API says to read what is absent.
  bool is_ready() const { return ready.value_or(true); }
  bool is_serving() const { return serving.value_or(is_ready()); }
  bool is_terminating() const { return terminating.value_or(false); }
  bool operator==(const EndpointConditions&) const = default;
};

struct SliceEndpoint {
  std::vector<std::string> addresses;  // all of one and the same endpoint: take the first
  EndpointConditions conditions;
  std::string zone;
  std::string node_name;

  bool operator==(const SliceEndpoint&) const = default;
};

struct EndpointPort {
  std::string name;  // of the Service port; empty for an unnamed one
  std::optional<std::uint16_t> port;
  Enum<TransportProtocol> protocol = TransportProtocol::TCP;
  std::string app_protocol;

  bool operator==(const EndpointPort&) const = default;
};

struct EndpointSlice {
  static constexpr std::string_view kKind = "EndpointSlice";
  ObjectMeta metadata;
  Enum<EndpointAddressType> address_type;
  std::vector<SliceEndpoint> endpoints;
  std::vector<EndpointPort> ports;

  // The Service whose endpoints these are, by its label; empty: of none.
  std::string_view service_name() const {
    const std::string* name = metadata.labels.find(kServiceNameLabel);
    return name ? std::string_view(*name) : std::string_view();
  }
  bool operator==(const EndpointSlice&) const = default;
};

}  // namespace cardea::api
