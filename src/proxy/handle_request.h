// SPDX-License-Identifier: Apache-2.0
// handle_request: what happens to a request, in order. docs/life-of-a-request.md walks through it.
#pragma once

#include "async/task.h"
#include "proxy/request.h"

namespace cardea::proxy {

// Answers the request in every case, or leaves the exchange unanswered when its client is gone. Does not send what is
// staged (the connection does), log or count (finish_request does).
async::Task<void> handle_request(Request& request);

// The answer to a request whose head could not be read: no routing, no filters.
async::Task<void> refuse_request(Request& request, Failure failure, std::uint16_t status);

// Always the last step: log and counters.
void finish_request(Request& request);

}  // namespace cardea::proxy
