// SPDX-License-Identifier: Apache-2.0
// Forwarding: from a chosen backend to a response on its way to the client.
//
// proxy/retry.h says which tries are followed by another, proxy/connect.h over what, proxy/attempt.h is one of them.
#pragma once

#include "async/task.h"
#include "proxy/failure.h"
#include "proxy/request.h"

namespace cardea::proxy {

// When a request of this rule must have its answer: its time-out (timeouts.request), or what a client of gRPC waits for.
async::Deadline request_deadline(Request& request);

// Returns when the response was handed to the exchange whole (Reason::None), or why it was not: then the exchange may
// or may not be answered already (Exchange::responded()).
async::Task<Failure> forward_with_retries(Request& request);

}  // namespace cardea::proxy
