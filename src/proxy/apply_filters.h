// SPDX-License-Identifier: Apache-2.0
// The filters of the rule, and of the backendRef that was drawn, on a request and on its response: in the order of their
// lists, each by the file of its name in proxy/filter.
#pragma once

#include "http/head.h"
#include "proxy/request.h"

namespace cardea::proxy {

// Where a list of filters came to a stop; nothing when the request goes on.
struct FilterStop {
  // What answers in place of a backend.
  const plan::RequestRedirect* redirect = nullptr;
  const CorsFilter* preflight = nullptr;  // whatever else stands in the list: a preflight is never redirected
  // Who is to be asked before the filters from `next` on have their turn.
  const CompiledAuth* auth = nullptr;
  std::size_t next = 0;
  explicit operator bool() const { return redirect || preflight || auth; }
};

FilterStop apply_rule_filters(Request& request, std::size_t first = 0);
FilterStop apply_backend_filters(Request& request, std::size_t first = 0);

// A backend's final head on its way to the client, or ours.
void apply_response_filters(Request& request, http::ResponseHead& response);
// CORS alone: what an answer of ours to a failure needs, so that a page may see it.
void apply_cors(Request& request, http::ResponseHead& response);

}  // namespace cardea::proxy
