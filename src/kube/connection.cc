// SPDX-License-Identifier: Apache-2.0
#include "kube/connection.h"

#include <fmt/core.h>

#include "base/strings.h"
#include "http/fault.h"
#include "kube/client.h"

namespace cardea::kube {
namespace {

using conn::H1ClientExchange;

// Fills in what the wire needs; all texts stay the caller's.
void fill_head(http::RequestHead& head, const Request& request, std::string_view path, std::string_view authority,
               std::string_view bearer) {
  head.method = http::method_from(request.method);
  head.method_text = request.method;
  head.authority = authority;
  const std::size_t mark = path.find('?');
  head.path = path.substr(0, mark);
  head.has_query = mark != std::string_view::npos;
  if (head.has_query) head.query = path.substr(mark + 1);
  head.fields.append("Accept", request.accept);
  head.fields.append("User-Agent", "cardea");
  if (!bearer.empty()) head.fields.append("Authorization", bearer);
  if (!request.body.empty()) {
    head.fields.append("Content-Type", request.content_type);
    head.body.has_length = true;
    head.body.length = request.body.size();
  }
}

std::unexpected<ApiError> failed(ApiError::Kind kind, std::string message) {
  return std::unexpected(ApiError{.kind = kind, .message = std::move(message)});
}

std::unexpected<ApiError> failed(async::Wake wake) {
  return wake == async::Wake::Ended ? failed(ApiError::Kind::Ended, "the program is ending")
                                    : failed(ApiError::Kind::TimedOut, "no answer in time");
}

std::optional<std::chrono::milliseconds> retry_after_of(const http::ResponseHead& head) {
  const http::Field* const field = head.fields.find(http::HeaderId::RetryAfter);
  if (!field) return std::nullopt;
  constexpr std::uint32_t kMost = 3600;  // seconds; a date (RFC 9110 section 10.2.3) is nothing that this server sends
  return std::chrono::seconds(base::parse_uint<std::uint32_t>(field->value, kMost).value_or(1));
}

}  // namespace

async::Task<Answer<AnswerHead>> Connection::send(const Request& request, std::string_view token, async::Deadline deadline) {
  async::Loop& loop = client_.stream().loop();
  const std::string bearer = token.empty() ? std::string() : fmt::format("Bearer {}", base::trim(token, " \t\r\n"));
  http::RequestHead head;
  const std::string path = path_prefix_ + request.path;
  fill_head(head, request, path, authority_, bearer);
  exchange_.emplace(client_);
  exchange_->send_head(head, false);
  contact_.asked(loop.now());

  // A server may answer, and close, before it has read everything: that answer is what counts.
  std::string_view left = request.body;
  conn::BodyWriter& body = exchange_->request_body();
  bool finished = false;
  bool sending = true;
  http::ResponseHead answer;
  for (;;) {
    bool blocked = false;
    while (sending && !blocked) {
      if (!left.empty()) {
        const auto written = body.try_write({left.data(), left.size()});
        left.remove_prefix(written.bytes);
        sending = written.status != conn::WriteStatus::Failed;
        blocked = written.status == conn::WriteStatus::WouldBlock;
        continue;
      }
      if (!finished) finished = body.finish({});
      const conn::WriteStatus flushed = body.flush();
      blocked = flushed == conn::WriteStatus::WouldBlock;
      if (!blocked) sending = false;
    }
    const auto read = exchange_->try_read_head(answer);
    if (read == H1ClientExchange::Head::Complete) {
      contact_.heard(loop.now());
      if (answer.status < 200) continue;
      co_return AnswerHead{answer.status, retry_after_of(answer)};
    }
    if (read == H1ClientExchange::Head::Closed) co_return failed(ApiError::Kind::Unreachable, "the connection was closed");
    if (read == H1ClientExchange::Head::Malformed) {
      co_return failed(ApiError::Kind::Malformed, fmt::format("not HTTP: {}", http::fault_text(exchange_->fault())));
    }
    const async::Wake wake = sending ? co_await async::wait_any(loop, deadline, exchange_->ready(), body.ready())
                                     : co_await async::wait_any(loop, deadline, exchange_->ready());
    if (wake != async::Wake::Signalled) co_return failed(wake);
  }
}

async::Task<Connection::Read> Connection::read(std::string& to, async::Deadline deadline, const async::StopToken* stop,
                                               const async::StopToken* also) {
  async::Loop& loop = client_.stream().loop();
  conn::BodyReader& body = exchange_->response_body();
  for (;;) {
    if (stop && (stop->requested() || also->requested())) co_return Read::Ended;
    std::span<const char> data;
    switch (body.peek(data)) {
      case conn::ReadStatus::Data:
        contact_.heard(loop.now());
        to.append(data.data(), data.size());
        body.consume(data.size());
        co_return Read::Bytes;
      case conn::ReadStatus::End:
        co_return Read::End;
      case conn::ReadStatus::Failed:
        co_return Read::Failed;
      case conn::ReadStatus::WouldBlock:
        break;
    }
    const async::Wake wake = stop ? co_await async::wait_any(loop, deadline, body.ready(), stop->signal(), also->signal())
                                  : co_await async::wait_any(loop, deadline, body.ready());
    if (wake != async::Wake::Signalled) co_return wake == async::Wake::Ended ? Read::Ended : Read::TimedOut;
  }
}

bool Connection::finish() {
  const bool reusable = exchange_ && exchange_->reusable();
  exchange_.reset();
  return reusable;
}

}  // namespace cardea::kube
