// SPDX-License-Identifier: Apache-2.0
// Exchange: one request and its response, seen by the server of it, the same for every protocol. Whoever handles it reads
// `request`, perhaps its body, and answers exactly once with respond() and a body; informational responses may come before.
//
// Owned by the connection's coroutine; lives until the response is sent or the exchange is cut.
#pragma once

#include <cstdint>
#include <string_view>

#include "async/loop.h"
#include "async/task.h"
#include "conn/body.h"
#include "http/head.h"
#include "http/text_arena.h"

namespace cardea::conn {

class Exchange {
 public:
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  http::RequestHead request;
  http::TextArena arena;  // for texts that must live as long as the exchange

  virtual BodyReader& request_body() = 0;

  // Stages a 1xx response (not 101) and sends it with the next flush. Clients of HTTP/1.0 get none.
  virtual void inform(const http::ResponseHead& head) = 0;

  // Stages the head of the final response. Its body follows through response_body(): exactly as long as `head.body` says;
  // where that says neither length nor chunked, any length. A 101 turns both bodies into a tunnel.
  virtual void respond(http::ResponseHead& head) = 0;
  virtual BodyWriter& response_body() = 0;
  bool responded() const { return responded_; }
  // Unsays a response of which nothing has left yet: another may be given. False: it is too late for that.
  virtual bool take_back() = 0;

  // This response is the connection's last (HTTP/1: `Connection: close`). Before respond().
  void close_after() { close_ = true; }

  // Raised when the client goes away; it may also be raised for nothing.
  virtual async::Signal& client_changed() = 0;
  // The client reset the connection or the stream. Having finished sending is not that.
  virtual bool client_gone() const = 0;

  virtual async::Loop& loop() = 0;

 protected:
  Exchange() = default;
  ~Exchange() = default;
  bool responded_ = false;
  bool close_ = false;
};

// The time, where the response has none: RFC 9110 section 6.6.1.
void add_date(Exchange& exchange, http::ResponseHead& head);

// Answers with that head and a short body, for which it says the length, and sends it.
async::Task<void> respond_with_text(Exchange& exchange, http::ResponseHead& head, std::string_view text, async::Deadline deadline);
// Answers with a short body of plain text (none when `text` is empty), and sends it.
async::Task<void> respond_with_text(Exchange& exchange, std::uint16_t status, std::string_view content_type,
                                    std::string_view text, async::Deadline deadline);

// Sends the rest of what is staged. False: the deadline passed, or the client is gone.
async::Task<bool> flush(async::Loop& loop, BodyWriter& writer, async::Deadline deadline);

}  // namespace cardea::conn
