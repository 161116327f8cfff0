// SPDX-License-Identifier: Apache-2.0
// The vocabulary of conditions: every type and reason that we write, with the exact spelling of the wire (Gateway API
// v1.6.1; facts, section 2). Conditions are made of these constants alone, so that a misspelt one does not compile.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "api/condition.h"
#include "base/strings.h"

namespace cardea::translate {

// What the API takes of a condition's message, in bytes; a longer one would keep the whole status from being written.
inline constexpr std::size_t kMaxMessage = 32'768;

inline api::Condition make_condition(std::string_view type, api::ConditionStatus status, std::string_view reason,
                                     std::string message, std::int64_t generation) {
  return {.type = std::string(type),
          .status = status,
          .reason = std::string(reason),
          .message = message.size() <= kMaxMessage ? std::move(message) : base::shortened(message, kMaxMessage),
          .observed_generation = generation,
          .last_transition_time = {}};
}

// Why something is not so: the reason of a condition that is not as wished, and its message for a person.
struct Problem {
  std::string_view reason;  // one of the constants below
  std::string message;
  bool operator==(const Problem&) const = default;
};

namespace condition {
inline constexpr std::string_view kAccepted = "Accepted";
inline constexpr std::string_view kProgrammed = "Programmed";
inline constexpr std::string_view kResolvedRefs = "ResolvedRefs";
inline constexpr std::string_view kSupportedVersion = "SupportedVersion";  // GatewayClass
// Present only while True.
inline constexpr std::string_view kConflicted = "Conflicted";
inline constexpr std::string_view kOverlappingTlsConfig = "OverlappingTLSConfig";
inline constexpr std::string_view kPartiallyInvalid = "PartiallyInvalid";
inline constexpr std::string_view kInsecureFrontendValidationMode = "InsecureFrontendValidationMode";
// Ours alone, of a Gateway: proxies of another version than the controller may not understand all of its plan.
inline constexpr std::string_view kRefusedByProxies = "gateway.cardea.dev/RefusedByProxies";
}  // namespace condition

namespace reason {
// Summaries
inline constexpr std::string_view kAccepted = "Accepted";
inline constexpr std::string_view kProgrammed = "Programmed";
inline constexpr std::string_view kResolvedRefs = "ResolvedRefs";
inline constexpr std::string_view kPending = "Pending";
inline constexpr std::string_view kInvalid = "Invalid";
// GatewayClass, Gateway
inline constexpr std::string_view kSupportedVersion = "SupportedVersion";
inline constexpr std::string_view kUnsupportedVersion = "UnsupportedVersion";
inline constexpr std::string_view kInvalidParameters = "InvalidParameters";
inline constexpr std::string_view kListenersNotValid = "ListenersNotValid";
inline constexpr std::string_view kListenersNotResolved = "ListenersNotResolved";
inline constexpr std::string_view kUnsupportedAddress = "UnsupportedAddress";
inline constexpr std::string_view kNoResources = "NoResources";
inline constexpr std::string_view kAddressNotAssigned = "AddressNotAssigned";
inline constexpr std::string_view kAddressNotUsable = "AddressNotUsable";
inline constexpr std::string_view kInvalidClientCertificateRef = "InvalidClientCertificateRef";
inline constexpr std::string_view kConfigurationChanged = "ConfigurationChanged";
inline constexpr std::string_view kPartsRefused = "PartsRefused";  // of kRefusedByProxies
// Listeners, ListenerSets
inline constexpr std::string_view kPortUnavailable = "PortUnavailable";
inline constexpr std::string_view kUnsupportedProtocol = "UnsupportedProtocol";
inline constexpr std::string_view kUnsupportedValue = "UnsupportedValue";
inline constexpr std::string_view kHostnameConflict = "HostnameConflict";
inline constexpr std::string_view kProtocolConflict = "ProtocolConflict";
inline constexpr std::string_view kInvalidCertificateRef = "InvalidCertificateRef";
inline constexpr std::string_view kInvalidRouteKinds = "InvalidRouteKinds";
inline constexpr std::string_view kRefNotPermitted = "RefNotPermitted";
inline constexpr std::string_view kInvalidCaCertificateRef = "InvalidCACertificateRef";
inline constexpr std::string_view kInvalidCaCertificateKind = "InvalidCACertificateKind";
inline constexpr std::string_view kNoValidCaCertificate = "NoValidCACertificate";
inline constexpr std::string_view kOverlappingHostnames = "OverlappingHostnames";
inline constexpr std::string_view kOverlappingCertificates = "OverlappingCertificates";
inline constexpr std::string_view kNotAllowed = "NotAllowed";
inline constexpr std::string_view kParentNotAccepted = "ParentNotAccepted";
inline constexpr std::string_view kParentNotProgrammed = "ParentNotProgrammed";
// Routes
inline constexpr std::string_view kNotAllowedByListeners = "NotAllowedByListeners";
inline constexpr std::string_view kNoMatchingListenerHostname = "NoMatchingListenerHostname";
inline constexpr std::string_view kNoMatchingParent = "NoMatchingParent";
inline constexpr std::string_view kIncompatibleFilters = "IncompatibleFilters";
inline constexpr std::string_view kInvalidKind = "InvalidKind";
inline constexpr std::string_view kBackendNotFound = "BackendNotFound";
// Policies
inline constexpr std::string_view kConflicted = "Conflicted";
inline constexpr std::string_view kTargetNotFound = "TargetNotFound";
}  // namespace reason

}  // namespace cardea::translate
