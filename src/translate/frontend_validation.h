// SPDX-License-Identifier: Apache-2.0
// Gateway.spec.tls.frontend: checks of clients' certificates (GEP-91; facts, 1.4, 2.3, 6.18), per port, for every listener
// there that terminates TLS. One that has nobody to trust is refused rather than served without.
#pragma once

#include "translate/context.h"
#include "translate/model.h"

namespace cardea::translate {

// For a listener that terminates TLS.
void check_frontend_validation(ListenerModel& listener, Context& context);

// Whether any port lets clients in whose certificate is missing or bad.
bool has_insecure_fallback(const api::GatewaySpec& spec);

}  // namespace cardea::translate
