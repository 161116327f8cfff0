// SPDX-License-Identifier: Apache-2.0
// ExternalAuth: what of a request its authorization service is shown, and what of the answer goes into the request (GEP-1494;
// facts, 6.15). Asking is proxy/external_auth.h.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "http/head.h"
#include "http/text_arena.h"
#include "plan/plan.h"
#include "proxy/check_message.h"

namespace cardea::proxy {

// Protocol HTTP: the request to the service, a copy of this one with little but its line, Host and Authorization, and the body
// as far as it is shown. Views into `request` and `arena`.
void make_auth_request(const plan::ExternalAuth& filter, const http::RequestHead& request, std::uint64_t body_bytes,
                       http::TextArena& arena, http::RequestHead& auth);
// Its answer that lets the request pass: fields that go on to the backend. What the service was to say and did not, nobody
// else said: such fields of the client are removed.
void take_over(const plan::ExternalAuth& filter, const http::ResponseHead& answer, http::TextArena& arena, http::RequestHead& request);

// Protocol GRPC: the fields to show, with lower-case names, each once.
std::vector<std::pair<std::string_view, std::string_view>> headers_to_show(const plan::ExternalAuth& filter,
                                                                           const http::RequestHead& request, http::TextArena& arena);
// What the verdict does to a message. What frames it or routes it is left alone. Where a value cannot be sent, what stands
// there is removed: the service was to replace it.
void apply_auth_headers(const std::vector<AuthHeader>& headers, http::TextArena& arena, http::Fields& fields);
void remove_auth_headers(const std::vector<std::string>& names, http::Fields& fields);

}  // namespace cardea::proxy
