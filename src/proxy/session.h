// SPDX-License-Identifier: Apache-2.0
// Session persistence (rules[].sessionPersistence; GEP-1619; facts, 6.16): the first answer of an endpoint gives the client
// a token, and the requests that show it go to that endpoint again, whatever the weights say meanwhile, for as long as the
// endpoint is there. When it is gone, or cannot be reached, the client gets another endpoint and another token.
//
// A token names its endpoint by a number that is made of the rule, the backend and the address: the same in every worker,
// replica and version of this program, without saying the address, and of no use to another rule. It is no secret and
// proves nothing: who makes one up chooses an endpoint of the rule, which anybody may.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "http/head.h"
#include "plan/plan.h"
#include "proxy/balance.h"

namespace cardea::proxy {

struct Request;

struct SessionToken {
  std::uint64_t endpoint = 0;
  std::uint64_t began = 0;  // seconds since 1970; 0: not said

  bool operator==(const SessionToken&) const = default;
};
// Hexadecimal: 16 digits, and where the begin is said a dash and it.
std::string_view write_token(const SessionToken& token, http::TextArena& arena);
std::optional<SessionToken> read_token(std::string_view text);

// What of a token is the rule's and the backend's: for CompiledBackendRef.
std::uint64_t session_salt(const plan::Rule& rule, std::string_view backend_id);
std::uint64_t session_endpoint(std::uint64_t salt, const EndpointState& endpoint);

// What is known of a request's session.
struct RequestSession {
  EndpointLease endpoint;       // where the token says; empty: it says nothing, or that is gone
  SessionToken shown;           // that was followed
  std::uint64_t answering = 0;  // the endpoint of the last attempt, by its number in tokens
};

// Follows the token that the client shows: sets `request.backend` and the endpoint. False: the weights decide.
bool resume_session(Request& request);
// The endpoint of a session could not be reached, and its backend has no other than those in `tried`: one of the rule's other
// backends, by weight first, which `request.backend` is then. Only between backends without filters of their own, since
// those have run. An empty lease: there is none.
EndpointLease leave_backend(Request& request, const TriedEndpoints& tried, BalanceBy by);
// Before an attempt.
void note_endpoint(Request& request, const EndpointState& endpoint);
// Gives the client the token of the endpoint that answered: in a cookie when it is another than the client showed, in a
// field always.
void tell_session(Request& request, http::ResponseHead& response);

}  // namespace cardea::proxy
