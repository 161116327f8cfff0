// SPDX-License-Identifier: Apache-2.0
// ResourceType: which collection of the API is meant, and the paths of its URLs (Kubernetes API Concepts, "Resource URIs").
#pragma once

#include <string>
#include <string_view>

namespace cardea::kube {

struct ResourceType {
  std::string group;    // empty: the core group
  std::string version;  // "v1"
  std::string plural;   // "httproutes"
  bool namespaced = true;

  std::string api_version() const { return group.empty() ? version : group + "/" + version; }
  // "/apis/GROUP/VERSION/namespaces/NAMESPACE/PLURAL"; an empty namespace means all of them.
  std::string path(std::string_view namespace_) const;
  // ... "/NAME" and, when there is one, "/SUBRESOURCE".
  std::string path(std::string_view namespace_, std::string_view name, std::string_view subresource = {}) const;
  std::string text() const;  // "httproutes.gateway.networking.k8s.io", for people

  auto operator<=>(const ResourceType&) const = default;
};

// For a query: every byte that is not unreserved (RFC 3986 section 2.3) as %XX.
std::string query_escape(std::string_view text);

namespace resource {
inline const ResourceType kNamespaces{"", "v1", "namespaces", false};
inline const ResourceType kServices{"", "v1", "services"};
inline const ResourceType kSecrets{"", "v1", "secrets"};
inline const ResourceType kConfigMaps{"", "v1", "configmaps"};
inline const ResourceType kServiceAccounts{"", "v1", "serviceaccounts"};
inline const ResourceType kPods{"", "v1", "pods"};
inline const ResourceType kEndpointSlices{"discovery.k8s.io", "v1", "endpointslices"};
inline const ResourceType kDeployments{"apps", "v1", "deployments"};
inline const ResourceType kEvents{"", "v1", "events"};
inline const ResourceType kLeases{"coordination.k8s.io", "v1", "leases"};
inline const ResourceType kTokenReviews{"authentication.k8s.io", "v1", "tokenreviews", false};
inline const ResourceType kCustomResourceDefinitions{"apiextensions.k8s.io", "v1", "customresourcedefinitions", false};
}  // namespace resource

}  // namespace cardea::kube
