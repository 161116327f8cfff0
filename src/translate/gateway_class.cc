// SPDX-License-Identifier: Apache-2.0
#include "translate/gateway_class.h"

#include <fmt/format.h>

#include "translate/features.h"

namespace cardea::translate {

using enum api::ConditionStatus;

bool is_ours(const api::GatewayClass& gateway_class, const Options& options) {
  return gateway_class.spec.controller_name == options.controller_name;
}

std::optional<Problem> refusal_of(const api::GatewayClass& gateway_class) {
  if (!gateway_class.spec.parameters_ref) return std::nullopt;
  const api::ObjectReference& ref = *gateway_class.spec.parameters_ref;
  return Problem{reason::kInvalidParameters,
                 fmt::format("spec.parametersRef names a {} of group {}: no kind of parameters is supported", ref.kind, ref.group)};
}

api::GatewayClassStatus status_of(const api::GatewayClass& gateway_class) {
  const std::int64_t generation = gateway_class.metadata.generation;
  api::GatewayClassStatus status;
  if (const auto refusal = refusal_of(gateway_class)) {
    status.conditions.push_back(make_condition(condition::kAccepted, False, refusal->reason, refusal->message, generation));
  } else {
    status.conditions.push_back(make_condition(condition::kAccepted, True, reason::kAccepted,
                                               "Gateways of this class are served", generation));
  }
  status.conditions.push_back(make_condition(condition::kSupportedVersion, True, reason::kSupportedVersion,
                                             "Gateway API v1.6.1, standard and experimental channel", generation));
  status.supported_features = supported_features();
  return status;
}

}  // namespace cardea::translate
