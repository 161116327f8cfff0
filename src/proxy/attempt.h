// SPDX-License-Identifier: Apache-2.0
// Attempt: a request on one connection, whatever protocol that speaks. The request goes out beside the response coming
// in, so that an early answer is heard; interim responses pass through; the final head becomes the client's.
#pragma once

#include "async/task.h"
#include "conn/body.h"
#include "conn/client_connection.h"
#include "http/head.h"
#include "proxy/failure.h"
#include "proxy/request.h"
#include "proxy/retry.h"

namespace cardea::proxy {

// What an attempt may do.
struct AttemptTerms {
  conn::BodyReader& body;  // of the request
  const Retries& retries;  // whose statuses are dropped in place of being answered with
  SteadyTime began;        // the choice of the endpoint
  async::Deadline deadline = async::kNever;  // this attempt's, not later than the request's
};

class Attempt {
 public:
  Attempt(Request& request, conn::ClientConnection& connection, const AttemptTerms& terms);

  // Returns when the response was handed to the exchange whole, or why it was not.
  async::Task<Tried> run();
  bool reusable() const { return !uploading_ && !tunnel_ && backend_.reusable(); }

 private:
  async::Task<Failure> exchange();
  async::Task<Failure> read_final_head();
  bool is_unwanted() const;
  void drop_response();
  async::Task<Failure> relay_response();
  Failure begin_response();
  Failure push_request();
  async::Task<Failure> wait();
  Failure backend_closed();
  Failure timed_out() const;
  bool wants_upgrade() const { return exchange_.request.fields.has(http::HeaderId::Upgrade); }

  Request& request_;
  conn::Exchange& exchange_;
  conn::AnyClientExchange backend_;
  AttemptTerms terms_;
  conn::Pump upload_;
  http::ResponseHead head_;
  bool uploading_ = true;
  bool upload_waits_for_client_ = false;
  bool upload_failed_ = false;
  bool busy_ = false;  // something can go on at once, after others had their turn
  bool tunnel_ = false;
  bool unwanted_ = false;  // the response is to be tried again
};

// Since then, in the unit of the metrics.
std::chrono::microseconds since(SteadyTime began);

}  // namespace cardea::proxy
