// SPDX-License-Identifier: Apache-2.0
#include "proxy/answer.h"

#include "proxy/worker.h"

namespace cardea::proxy {
namespace {

// What a response of ours may take to be sent.
constexpr std::uint64_t kOwnResponseMs = 30'000;

}  // namespace

async::Task<void> answer_client(Request& request, http::ResponseHead& head, std::string_view text) {
  request.status = head.status;
  request.status_by_backend = false;
  if (request.client.ending.requested()) request.exchange.close_after();
  co_await conn::respond_with_text(request.exchange, head, text, request.worker.loop().after(kOwnResponseMs));
}

}  // namespace cardea::proxy
