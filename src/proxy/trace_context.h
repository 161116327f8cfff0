// SPDX-License-Identifier: Apache-2.0
// The trace of a request (W3C Trace Context): a valid traceparent goes on untouched with its tracestate, since we record no
// span of our own; without one a trace begins here.
#pragma once

#include <string_view>

#include "http/fields.h"
#include "http/text_arena.h"
#include "proxy/random.h"

namespace cardea::proxy {

// The trace-id. Of the traces that begin here so many in a hundred carry the flag "sampled", which asks all behind us to
// record them: without it, services that follow their caller would record nothing.
std::string_view carry_trace(http::Fields& fields, unsigned sampling_percent, Random& random, http::TextArena& arena);

}  // namespace cardea::proxy
