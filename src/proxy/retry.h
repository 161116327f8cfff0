// SPDX-License-Identifier: Apache-2.0
// Which tries of a request are followed by another one. Pure: no I/O, no clock.
//
// Without being asked (RFC 9110 section 9.2.2, RFC 9112 section 9.3.1, RFC 9113 section 8.7): another endpoint when
// connecting fails; once a new connection when a reused one was closed before the first byte of a response and the request
// is idempotent or was not sent, at another endpoint if it was closed because nobody was there any more; again when the backend
// says that it did nothing with it; once by HTTP/1.1 when it says that it wants that.
// By a rule's `retry` (facts, 6.12): statuses that it lists, connection errors, attempts that took too long. Whether the
// request is idempotent is then the user's business.
// Never: once something of a response has left, or when the body cannot be sent again.
#pragma once

#include <chrono>
#include <cstdint>

#include "conn/client_exchange.h"
#include "http/head.h"
#include "plan/plan.h"
#include "proxy/failure.h"
#include "proxy/random.h"
#include "proxy/settings.h"

namespace cardea::proxy {

// What became of one try.
struct Tried {
  Failure failure;
  bool unwanted = false;    // the response had a status that is to be tried again, and was dropped
  bool connected = false;   // there was a connection
  bool reused = false;      // ... which had carried an exchange before
  bool unanswered = false;  // closed before the first byte of a response
  bool sent = true;         // the backend may have seen something of the request
  conn::ClientExchange::Closing closing = conn::ClientExchange::Closing::Broken;
};

enum class Next : std::uint8_t {
  Finish,
  AtOnce,        // on whatever connection
  OnNew,         // at once, on a new connection
  OverHttp1,     // at once, by HTTP/1.1, to the same endpoint
  AfterBackoff,  // on any endpoint, one that was not tried before when there is one
};

class Retries {
 public:
  // `policy`: of the rule; null: it has none. It outlives this.
  Retries(const plan::Retry* policy, const Settings& settings);

  bool by_policy() const { return policy_ != nullptr; }
  // Whether a response with this status is tried again in place of being the client's.
  bool wants(std::uint16_t status) const;
  // `repeatable`: nothing of a response has left, and the body can be sent again. `another`: there is an endpoint that was
  // not tried yet.
  Next after(const Tried& tried, http::Method method, bool repeatable, bool another);
  // Before the next try: never less than the rule's backoff; it doubles, and varies so that tries do not come in step.
  std::chrono::milliseconds backoff(Random& random) const;
  std::chrono::milliseconds least_backoff() const;

 private:
  Next once_more();

  const plan::Retry* policy_;
  std::chrono::milliseconds base_;
  std::uint32_t left_;       // of the policy's attempts
  std::uint32_t made_ = 0;   // ... that were used
  std::uint32_t connects_;   // that may still fail without being counted
  std::uint32_t refusals_ = 3;
  bool renewed_ = false;     // a reused connection was stale once
  bool over_http1_ = false;
};

}  // namespace cardea::proxy
