// SPDX-License-Identifier: Apache-2.0
// RequestRedirect (facts, 6.5): answers with a Location in place of a backend.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "http/head.h"
#include "http/text_arena.h"
#include "plan/plan.h"

namespace cardea::proxy {

// Where the request came in: what a redirect names for what it does not set.
struct RedirectOrigin {
  std::string_view scheme;            // "http" or "https": of the listener
  std::uint16_t advertised_port = 0;  // of the listener
};

// The value of Location: an absolute URI with the request's query; a path alone when neither filter nor request names a
// host (HTTP/1.0). Lives in the arena.
std::string_view redirect_location(const plan::RequestRedirect& filter, const http::RequestHead& head,
                                   const RedirectOrigin& origin, http::TextArena& arena);

base::Result<> check_request_redirect(const plan::RequestRedirect& filter);

}  // namespace cardea::proxy
