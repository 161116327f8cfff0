// SPDX-License-Identifier: Apache-2.0
#include "translate/features.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace cardea::translate {
namespace {

constexpr auto kFeatures = std::to_array<std::string_view>({
    "BackendTLSPolicy",
    "BackendTLSPolicySANValidation",
    "GRPCRoute",
    "GRPCRouteNamedRouteRule",
    "Gateway",
    "GatewayAddressEmpty",
    "GatewayBackendClientCertificate",
    "GatewayFrontendClientCertificateValidation",
    "GatewayFrontendClientCertificateValidationInsecureFallback",
    "GatewayHTTPListenerIsolation",
    "GatewayHTTPSListenerDetectMisdirectedRequests",
    "GatewayPort8080",
    "GatewayStaticAddresses",
    "HTTPRoute",
    "HTTPRoute303RedirectStatusCode",
    "HTTPRoute307RedirectStatusCode",
    "HTTPRoute308RedirectStatusCode",
    "HTTPRouteBackendProtocolH2C",
    "HTTPRouteBackendProtocolWebSocket",
    "HTTPRouteBackendRequestHeaderModification",
    "HTTPRouteBackendTimeout",
    "HTTPRouteCORS",
    "HTTPRouteDestinationPortMatching",
    "HTTPRouteHostRewrite",
    "HTTPRouteMethodMatching",
    "HTTPRouteNamedRouteRule",
    "HTTPRouteParentRefPort",
    "HTTPRoutePathRedirect",
    "HTTPRoutePathRewrite",
    "HTTPRoutePortRedirect",
    "HTTPRouteQueryParamMatching",
    "HTTPRouteRequestMirror",
    "HTTPRouteRequestMultipleMirrors",
    "HTTPRouteRequestPercentageMirror",
    "HTTPRouteRequestTimeout",
    "HTTPRouteResponseHeaderModification",
    "HTTPRouteRetry",
    "HTTPRouteRetryBackendTimeout",
    "HTTPRouteRetryConnectionError",
    "HTTPRouteSchemeRedirect",
    "ListenerSet",
    "ReferenceGrant",
});

// Only where each Gateway has objects of its own.
constexpr std::string_view kInfrastructure = "GatewayInfrastructurePropagation";

// Of the experimental channel alone (facts, 3.2).
constexpr auto kExperimental = std::to_array<std::string_view>({
    "HTTPRouteDestinationPortMatching",
    "HTTPRouteRetry",
    "HTTPRouteRetryBackendTimeout",
    "HTTPRouteRetryConnectionError",
    "TLSRouteModeMixed",
});

// The kinds that a cluster may lack; their features begin with their name.
constexpr auto kOptionalKinds = std::to_array<std::string_view>({
    "BackendTLSPolicy",
    "GRPCRoute",
    "HTTPRoute",
    "ListenerSet",
    "ReferenceGrant",
    "TCPRoute",
    "TLSRoute",
    "UDPRoute",
});

bool can_be_used(std::string_view feature, const std::vector<InstalledKind>& installed) {
  if (installed.empty()) return true;
  const auto kind = std::ranges::find_if(kOptionalKinds, [&](std::string_view name) { return feature.starts_with(name); });
  if (kind == kOptionalKinds.end()) return true;
  const auto found = std::ranges::find(installed, *kind, &InstalledKind::kind);
  if (found == installed.end()) return false;
  return found->channel != "standard" || std::ranges::find(kExperimental, feature) == kExperimental.end();
}

}  // namespace

std::vector<std::string> supported_features(const Options& options, const Observed& observed) {
  std::vector<std::string> features;
  for (const std::string_view feature : kFeatures) {
    if (can_be_used(feature, observed.installed)) features.emplace_back(feature);
  }
  if (!options.shared_machine) features.insert(std::ranges::lower_bound(features, kInfrastructure), std::string(kInfrastructure));
  return features;
}

}  // namespace cardea::translate
