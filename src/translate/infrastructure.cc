// SPDX-License-Identifier: Apache-2.0
#include "translate/infrastructure.h"

#include <fmt/format.h>

namespace cardea::translate {

std::optional<Problem> check_infrastructure(const api::GatewaySpec& spec) {
  if (!spec.infrastructure || !spec.infrastructure->parameters_ref) return std::nullopt;
  const api::LocalObjectReference& ref = *spec.infrastructure->parameters_ref;
  return Problem{reason::kInvalidParameters,
                 fmt::format("spec.infrastructure.parametersRef names a {} of group {}: no kind of parameters is supported", ref.kind,
                             ref.group)};
}

}  // namespace cardea::translate
