// SPDX-License-Identifier: Apache-2.0
#include "translate/gateway_class.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "translate/features.h"
#include "translate/parameters.h"

namespace cardea::translate {

using enum api::ConditionStatus;

namespace {

// Any patch release of the version that this was made for.
constexpr std::string_view kSupportedRelease = "v1.6.";

// What a gateway reads beside GatewayClasses; of each, what it is for is off while it is not installed.
constexpr std::array<std::string_view, 9> kKinds{"Gateway",  "ListenerSet", "HTTPRoute",      "GRPCRoute",       "TLSRoute",
                                                 "TCPRoute", "UDPRoute",    "ReferenceGrant", "BackendTLSPolicy"};

// "; not installed, and so off: TCPRoute, UDPRoute", or nothing.
std::string what_is_off(const std::vector<InstalledKind>& installed) {
  if (installed.empty()) return {};
  std::vector<std::string_view> missing;
  for (const std::string_view kind : kKinds) {
    if (std::ranges::find(installed, kind, &InstalledKind::kind) == installed.end()) missing.push_back(kind);
  }
  return missing.empty() ? std::string() : fmt::format("; not installed, and so off: {}", fmt::join(missing, ", "));
}

// Another version does not make the class unusable: what is there is served.
api::Condition supported_version(const std::vector<InstalledKind>& installed, std::int64_t generation) {
  std::set<std::string> others;
  std::set<std::string> channels;
  for (const InstalledKind& kind : installed) {
    if (!kind.channel.empty()) channels.insert(kind.channel);
    if (kind.version.starts_with(kSupportedRelease)) continue;
    others.insert(fmt::format("{} {}", kind.kind, kind.version.empty() ? "without a version" : kind.version));
  }
  if (!others.empty()) {
    return make_condition(condition::kSupportedVersion, False, reason::kUnsupportedVersion,
                          fmt::format("Made for Gateway API v1.6; installed are {}: served as far as they are understood{}",
                                      fmt::join(others, ", "), what_is_off(installed)),
                          generation);
  }
  const std::string channel = channels.empty() ? "standard and experimental" : fmt::format("{}", fmt::join(channels, " and "));
  return make_condition(condition::kSupportedVersion, True, reason::kSupportedVersion,
                        fmt::format("Gateway API v1.6.1, {} channel{}", channel, what_is_off(installed)), generation);
}

}  // namespace

bool is_ours(const api::GatewayClass& gateway_class, const Options& options) {
  return gateway_class.spec.controller_name == options.controller_name;
}

std::optional<Problem> refusal_of(const api::GatewayClass& gateway_class, const api::Resources& resources) {
  return merge(parameters_of(gateway_class, resources), {}).problem;
}

api::GatewayClassStatus status_of(const api::GatewayClass& gateway_class, const api::Resources& resources, const Observed& observed,
                                  const Options& options) {
  const std::int64_t generation = gateway_class.metadata.generation;
  api::GatewayClassStatus status;
  if (const auto refusal = refusal_of(gateway_class, resources)) {
    status.conditions.push_back(make_condition(condition::kAccepted, False, refusal->reason, refusal->message, generation));
  } else {
    status.conditions.push_back(make_condition(condition::kAccepted, True, reason::kAccepted,
                                               "Gateways of this class are served", generation));
  }
  status.conditions.push_back(supported_version(observed.installed, generation));
  status.supported_features = supported_features(options, observed);
  return status;
}

}  // namespace cardea::translate
