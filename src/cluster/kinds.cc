// SPDX-License-Identifier: Apache-2.0
#include "cluster/kinds.h"

#include <algorithm>
#include <string>

#include "api/gateway_parameters.h"
#include "api/meta.h"

namespace cardea::cluster {
namespace {

using api::kCardeaGroup;
using api::kCoreGroup;
using api::kGatewayGroup;

constexpr KindRule gateway_kind(std::string_view kind, std::string_view plural, std::array<std::string_view, 3> versions,
                                bool has_status = true) {
  return {.kind = kind, .group = kGatewayGroup, .plural = plural, .versions = versions, .optional = true, .has_status = has_status};
}
constexpr KindRule core_kind(std::string_view kind, std::string_view plural, bool only_referenced = false) {
  return {.kind = kind, .group = kCoreGroup, .plural = plural, .versions = {"v1"}, .only_referenced = only_referenced};
}

constexpr std::array kKinds{
    KindRule{.kind = "GatewayClass",
             .group = kGatewayGroup,
             .plural = "gatewayclasses",
             .versions = {"v1", "v1beta1"},
             .namespaced = false,
             .optional = true,
             .has_status = true},
    gateway_kind("Gateway", "gateways", {"v1", "v1beta1"}),
    gateway_kind("ListenerSet", "listenersets", {"v1"}),
    gateway_kind("HTTPRoute", "httproutes", {"v1", "v1beta1"}),
    gateway_kind("GRPCRoute", "grpcroutes", {"v1"}),
    gateway_kind("TLSRoute", "tlsroutes", {"v1", "v1alpha3", "v1alpha2"}),
    gateway_kind("TCPRoute", "tcproutes", {"v1", "v1alpha2"}),
    gateway_kind("UDPRoute", "udproutes", {"v1", "v1alpha2"}),
    gateway_kind("BackendTLSPolicy", "backendtlspolicies", {"v1", "v1alpha3"}),
    gateway_kind("ReferenceGrant", "referencegrants", {"v1", "v1beta1"}, false),
    KindRule{.kind = "GatewayParameters", .group = kCardeaGroup, .plural = "gatewayparameters", .versions = {"v1alpha1"}, .optional = true},
    KindRule{.kind = "Namespace", .group = kCoreGroup, .plural = "namespaces", .versions = {"v1"}, .namespaced = false},
    core_kind("Service", "services"),
    KindRule{.kind = "EndpointSlice", .group = "discovery.k8s.io", .plural = "endpointslices", .versions = {"v1"}},
    core_kind("Secret", "secrets", true),
    core_kind("ConfigMap", "configmaps", true),
};

}  // namespace

std::span<const KindRule> kinds() { return kKinds; }

const KindRule* find_kind(std::string_view kind) {
  const auto found = std::ranges::find(kKinds, kind, &KindRule::kind);
  return found == kKinds.end() ? nullptr : &*found;
}

kube::ResourceType first_type(const KindRule& rule) {
  return {std::string(rule.group), std::string(rule.versions[0]), std::string(rule.plural), rule.namespaced};
}

}  // namespace cardea::cluster
