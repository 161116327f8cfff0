// SPDX-License-Identifier: Apache-2.0
// SideRequest: a request of the gateway's own to a backend, on behalf of a client's request, which waits for it: small, with
// its body in memory. Nothing is tried again once a backend has heard of it, but for a connection that was closed while idle.
//
// Lives in the client's exchange; one thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "async/task.h"
#include "conn/client_connection.h"
#include "proxy/balance.h"
#include "proxy/connect.h"
#include "proxy/request.h"

namespace cardea::proxy {

class SideRequest {
 public:
  // `kind` as target_of() takes it. `to` has a backend. `patience`: with it, never beyond the request's own time; 0: none.
  SideRequest(Request& request, const CompiledBackend& to, plan::RouteKind kind, std::chrono::milliseconds patience);
  SideRequest(const SideRequest&) = delete;
  SideRequest& operator=(const SideRequest&) = delete;
  ~SideRequest();  // gives the connection back when it may carry more

  // Until the final head of the answer is there. `head` without an authority gets the endpoint's address.
  async::Task<Failure> send(http::RequestHead& head, std::string_view body);
  // Its views hold until the body is read.
  http::ResponseHead& answer() { return answer_; }
  // The body and its trailers; more than `limit` is a failure.
  async::Task<Failure> read_body(std::string& into, std::size_t limit);
  const http::Fields& trailers() { return (*exchange_)->response_body().trailers(); }
  // Reads what has come of a body that nobody wants, within bounds.
  void drop_body();
  // The body as it comes, to the client, whose response has begun. Once it is the client that is slow, the time of the request is left.
  async::Task<Failure> relay_body();

 private:
  async::Task<Failure> connect(bool anew);
  async::Task<Failure> exchange(const http::RequestHead& head, std::string_view body);
  async::Task<Failure> wait(async::Deadline deadline);
  Failure interrupted() const;
  bool may_be_sent_again();

  Request& request_;
  const CompiledBackend& to_;
  const bool speaks_grpc_;
  const std::uint64_t patience_;
  const async::Deadline deadline_;  // of the answer
  BackendTarget target_;
  TriedEndpoints tried_;
  EndpointLease endpoint_;
  conn::ClientConnection connection_;
  std::optional<conn::AnyClientExchange> exchange_;
  http::ResponseHead answer_;
  bool complete_ = false;  // the answer was read to its end
  bool to_head_ = false;
};

}  // namespace cardea::proxy
