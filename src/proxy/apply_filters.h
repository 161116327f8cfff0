// SPDX-License-Identifier: Apache-2.0
// The filters of the rule, and of the backendRef that was drawn, on a request and on its response: in the order of their
// lists, each by the file of its name in proxy/filter.
#pragma once

#include "http/head.h"
#include "proxy/request.h"

namespace cardea::proxy {

// What answers in place of a backend; nothing when the request goes on.
struct OwnAnswer {
  const plan::RequestRedirect* redirect = nullptr;
  const CorsFilter* preflight = nullptr;  // whatever else stands in the list: a preflight is never redirected
  explicit operator bool() const { return redirect || preflight; }
};

OwnAnswer apply_rule_filters(Request& request);
// The backend of the client's session, else one drawn by weight.
Failure choose_backend(Request& request);
OwnAnswer apply_backend_filters(Request& request);

// A backend's final head on its way to the client, or ours.
void apply_response_filters(Request& request, http::ResponseHead& response);
// CORS alone: what an answer of ours to a failure needs, so that a page may see it.
void apply_cors(Request& request, http::ResponseHead& response);

}  // namespace cardea::proxy
