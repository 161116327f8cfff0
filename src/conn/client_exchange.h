// SPDX-License-Identifier: Apache-2.0
// ClientExchange: one request and its response, seen by whoever sent it, the same for every protocol. Send the head, move
// the body with request_body(), read heads (perhaps informational ones) until a final one, then the body. Nothing blocks.
//
// Lives on one loop's thread, no longer than the connection that carries it.
#pragma once

#include <cstdint>

#include "async/wait.h"
#include "conn/body.h"
#include "http/fault.h"
#include "http/head.h"

namespace cardea::conn {

class ClientExchange {
 public:
  ClientExchange(const ClientExchange&) = delete;
  ClientExchange& operator=(const ClientExchange&) = delete;

  // Stages the head. `upgrade`: the request's Upgrade field is meant.
  virtual void send_head(const http::RequestHead& request, bool upgrade) = 0;
  virtual BodyWriter& request_body() = 0;

  enum class Head : std::uint8_t {
    Complete,    // final or informational; after an informational one call again
    WouldBlock,  // wait on ready()
    Closed,      // the backend closed or reset the connection or the stream; see anything_received() and closing()
    Malformed,   // fault()
  };
  // The head's views are valid until the next call here or of the body.
  virtual Head try_read_head(http::ResponseHead& head) = 0;
  virtual async::Signal& ready() = 0;

  virtual bool anything_received() const = 0;
  // Some of the request was taken by the connection.
  virtual bool anything_sent() const = 0;
  // After Closed: what is known about why.
  enum class Closing : std::uint8_t {
    Broken,      // nothing
    Refused,     // HTTP/2: the backend did nothing with the request (REFUSED_STREAM, or above the last stream of a GOAWAY):
                 // any method may be sent again (RFC 9113 section 8.7)
    WantsHttp1,  // HTTP/2: HTTP_1_1_REQUIRED: it is to be sent by HTTP/1.1 (RFC 9113 section 7)
    Silent,      // HTTP/2: the backend did not answer PING: it is gone, and perhaps the way to it
  };
  virtual Closing closing() const = 0;
  // After Malformed: why. None: against the rules of the protocol as a whole.
  virtual http::Fault fault() const = 0;

  // After a final head.
  virtual BodyReader& response_body() = 0;
  // After a 101 (Switching Protocols): both bodies are bytes of the other protocol from here on.
  virtual void begin_tunnel() = 0;

 protected:
  ClientExchange() = default;
  ~ClientExchange() = default;
};

}  // namespace cardea::conn
