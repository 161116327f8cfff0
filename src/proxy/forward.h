// SPDX-License-Identifier: Apache-2.0
// Forwarding: from a chosen backend to a response on its way to the client.
//
// A request is tried again on another endpoint when connecting fails, and once on a new connection when a reused one was
// closed before the first byte of a response, if the request is idempotent and its body can be sent again (RFC 9110
// section 9.2.2, RFC 9112 section 9.3.1).
#pragma once

#include "async/task.h"
#include "proxy/failure.h"
#include "proxy/request.h"

namespace cardea::proxy {

// Returns when the response was handed to the exchange whole (Reason::None), or why it was not: then the exchange may
// or may not be answered already (Exchange::responded()).
async::Task<Failure> forward_with_retries(Request& request);

}  // namespace cardea::proxy
