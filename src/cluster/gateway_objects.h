// SPDX-License-Identifier: Apache-2.0
// What a Gateway needs in the cluster, as a pure function: ServiceAccount, ConfigMap, Deployment (`cardea proxy`) and Service in
// the Gateway's namespace (GEP-1762; facts, 1.14, 6.20). Who applies them is cluster/provision.h.
//
// The pods' template depends on the Gateway's infrastructure and on the options alone: a listener that comes or goes
// changes the Service, never the pods.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "api/gateway.h"
#include "base/value.h"
#include "plan/plan.h"

namespace cardea::cluster {

inline constexpr std::string_view kFieldManager = "cardea";
inline constexpr std::string_view kGatewayNameLabel = "gateway.networking.k8s.io/gateway-name";
inline constexpr std::string_view kGatewayClassLabel = "gateway.networking.k8s.io/gateway-class-name";
// Whose objects they are: label_value of the controllerName. We watch what has it, and touch nothing else.
inline constexpr std::string_view kControllerLabel = "gateway.cardea.dev/controller";
// The hash of what was applied, so that any replica sees whether that is still what is wanted.
inline constexpr std::string_view kAppliedAnnotation = "gateway.cardea.dev/applied";

// How a proxy proves to the controller who it is, and where it finds what it needs for that.
inline constexpr std::string_view kTokenAudience = "cardea-controller";
inline constexpr std::string_view kProxyFolder = "/var/run/cardea";  // "token", and "ca.crt" for the controller's certificate
inline constexpr std::uint16_t kProxyAdminPort = 9901;               // /readyz, /livez, /metrics

struct ProxyOptions {
  std::string controller_name = "cardea.dev/gateway-controller";
  std::string image = "cardea:dev";
  std::string controller;   // host:port where proxies get their plans
  std::string ca_pem;       // that signs the controllers' certificates, several while it is rotated
  std::chrono::seconds drain_delay{5};    // from the pod's end being asked for until its ports close: nobody balances to it any more
  std::chrono::seconds drain_timeout{30};  // for what is under way then
};

struct GatewayObject {
  std::string_view kind;  // "ServiceAccount", "ConfigMap", "Deployment", "Service"
  std::string namespace_;
  std::string name;
  // For server-side apply: everything that we say about it. Nothing: it is not made, and stays as it is where it exists
  // (a Service cannot be without ports, and should not lose its address because every listener is wrong for a while).
  std::optional<base::Value> manifest;
};

// The TCP ports that a Gateway's proxies listen on, those of ListenerSets among them.
using Ports = std::set<std::uint16_t>;
Ports ports_of(const plan::Plan& plan);

// In the order in which to apply them.
std::vector<GatewayObject> gateway_objects(const api::Gateway& gateway, const Ports& ports, const ProxyOptions& options);

// "apps/v1" for "Deployment".
std::string_view api_version_of_object(std::string_view kind);

}  // namespace cardea::cluster
