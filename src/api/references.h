// SPDX-License-Identifier: Apache-2.0
// References from one object to another (Gateway API v1.6.1, shared types).
//
// Defaults are filled in by the decoder, so `group` and `kind` are always meant: an empty group is the core group. A
// namespace, section name or other text that must not be empty in the API is empty here when it was not given.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace cardea::api {

// Why a Route attaches: to a Gateway or a ListenerSet, or one part of it.
struct ParentReference {
  std::string group = "gateway.networking.k8s.io";
  std::string kind = "Gateway";
  std::string namespace_;  // empty: the Route's own
  std::string name;
  std::string section_name;  // empty: every listener
  std::optional<std::uint16_t> port;

  bool operator==(const ParentReference&) const = default;
};

// The Gateway that a ListenerSet adds to.
struct ParentGatewayReference {
  std::string group = "gateway.networking.k8s.io";
  std::string kind = "Gateway";
  std::string namespace_;  // empty: the ListenerSet's own
  std::string name;

  bool operator==(const ParentGatewayReference&) const = default;
};

struct BackendObjectReference {
  std::string group;
  std::string kind = "Service";
  std::string namespace_;  // empty: the Route's own
  std::string name;
  std::optional<std::uint16_t> port;  // of the Service, not the pod; always there for a Service

  bool operator==(const BackendObjectReference&) const = default;
};

struct BackendRef : BackendObjectReference {
  std::uint32_t weight = 1;

  bool operator==(const BackendRef&) const = default;
};

struct SecretObjectReference {
  std::string group;
  std::string kind = "Secret";
  std::string namespace_;  // empty: the referrer's own
  std::string name;

  bool operator==(const SecretObjectReference&) const = default;
};

// ObjectReference and ParametersReference.
struct ObjectReference {
  std::string group;
  std::string kind;
  std::string namespace_;  // empty: the referrer's own, or none for a cluster-scoped target
  std::string name;

  bool operator==(const ObjectReference&) const = default;
};

// LocalObjectReference and LocalParametersReference: in the referrer's namespace.
struct LocalObjectReference {
  std::string group;
  std::string kind;
  std::string name;

  bool operator==(const LocalObjectReference&) const = default;
};

}  // namespace cardea::api
