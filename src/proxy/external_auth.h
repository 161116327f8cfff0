// SPDX-License-Identifier: Apache-2.0
// Asks an authorization service about a request (ExternalAuth; GEP-1494; facts, 6.15), over HTTP or by Envoy's gRPC protocol.
// Fails closed: whatever goes wrong, the request does not go on.
#pragma once

#include "async/task.h"
#include "proxy/request.h"

namespace cardea::proxy {

// Nothing: the request may go on, changed as the service said. AuthDenied: it may not, and the client has the service's answer.
// Anything else: why there is no verdict.
async::Task<Failure> ask_external_auth(Request& request, const CompiledAuth& auth);

}  // namespace cardea::proxy
