// SPDX-License-Identifier: Apache-2.0
#include "translate/features.h"

namespace cardea::translate {

const std::vector<std::string>& supported_features() {
  static const std::vector<std::string> features = {
      "Gateway",
      "GatewayAddressEmpty",
      "GatewayHTTPListenerIsolation",
      "GatewayPort8080",
      "GatewayStaticAddresses",
      "HTTPRoute",
      "HTTPRoute303RedirectStatusCode",
      "HTTPRoute307RedirectStatusCode",
      "HTTPRoute308RedirectStatusCode",
      "HTTPRouteBackendProtocolWebSocket",
      "HTTPRouteBackendRequestHeaderModification",
      "HTTPRouteBackendTimeout",
      "HTTPRouteDestinationPortMatching",
      "HTTPRouteHostRewrite",
      "HTTPRouteMethodMatching",
      "HTTPRouteNamedRouteRule",
      "HTTPRouteParentRefPort",
      "HTTPRoutePathRedirect",
      "HTTPRoutePathRewrite",
      "HTTPRoutePortRedirect",
      "HTTPRouteQueryParamMatching",
      "HTTPRouteRequestTimeout",
      "HTTPRouteResponseHeaderModification",
      "HTTPRouteSchemeRedirect",
      "ListenerSet",
      "ReferenceGrant",
  };
  return features;
}

}  // namespace cardea::translate
