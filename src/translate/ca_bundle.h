// SPDX-License-Identifier: Apache-2.0
// References to CA certificates, of BackendTLSPolicies and of spec.tls.frontend: a ConfigMap whose key ca.crt holds PEM
// certificates and nothing else that is PEM (facts, 1.4, 1.10). Whether a reference is permitted is the caller's to ask.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "plan/plan.h"
#include "translate/context.h"

namespace cardea::translate {

bool may_hold_ca_certificates(std::string_view group, std::string_view kind);

// The sealed part of the plan, or why there is none: "it has no key ca.crt".
base::Result<plan::Ref<plan::CaBundle>> find_ca_bundle(const api::ObjectKey& config_map, const api::Resources& resources,
                                                       Memory& memory);

}  // namespace cardea::translate
