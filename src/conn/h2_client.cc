// SPDX-License-Identifier: Apache-2.0
#include "conn/h2_client.h"

#include <algorithm>
#include <utility>

#include "http/framing.h"
#include "http/h2_writer.h"

namespace cardea::conn {

H2Client::H2Client(std::unique_ptr<net::Stream> stream, BufferPool& pool, const http::Limits& limits, const H2ClientOptions& options,
                   std::string_view scheme)
    : stream_(std::move(stream)),
      limits_(limits),
      options_(options),
      scheme_(scheme),
      session_(*stream_, pool, options.session, *this),
      liveness_(options.liveness),
      idle_since_(stream_->loop().now()) {}

H2Client::~H2Client() = default;

async::Task<void> H2Client::run(std::shared_ptr<H2Client> client) {
  H2Session& session = client->session_;
  async::Loop& loop = session.loop();
  for (;;) {
    session.receive();
    session.send();
    if (session.over()) break;
    if (client->idle_too_long()) session.goaway(kH2NoError, "");
    client->look_for_backend();
    if (session.busy()) {
      co_await loop.yield();
      if (loop.ended()) break;
    } else {
      const async::Wake wake = co_await async::wait_any(loop, client->deadline(), client->stream_->readable(),
                                                        client->stream_->writable(), session.wanted());
      if (wake == async::Wake::Ended) break;
    }
    session.check_deadline();
  }
  client->over_ = true;
  session.fail();
  client->spoke_.raise(loop);
}

void H2Client::look_for_backend() {
  switch (liveness_.check(stream_->loop().now(), session_.open_streams() != 0)) {
    case H2Liveness::Verdict::Fine:
      break;
    case H2Liveness::Verdict::Ask:
      session_.ping();
      break;
    case H2Liveness::Verdict::Gone:
      silent_ = true;
      session_.give_up("silent");
      break;
  }
}

void H2Client::retire() {
  if (retired_) return;
  retired_ = true;
  session_.look_again();
}

bool H2Client::idle_too_long() const {
  if (live_ != 0) return false;
  return retired_ || (options_.idle_timeout_ms != 0 && idle_since_ + options_.idle_timeout_ms <= stream_->loop().now());
}

async::Deadline H2Client::deadline() const {
  const async::Deadline own = live_ == 0 && options_.idle_timeout_ms != 0 ? idle_since_ + options_.idle_timeout_ms : async::kNever;
  return std::min({own, session_.deadline(), liveness_.deadline(session_.open_streams() != 0)});
}

// --- The exchange ---------------------------------------------------------------------------------------------------

H2ClientExchange::H2ClientExchange(std::shared_ptr<H2Client> client)
    : H2ClientHold{std::move(client)}, H2Stream(client_->session_, 0) {
  ++client_->live_;
  client_->liveness_.asked(session_.loop().now());
}

H2ClientExchange::~H2ClientExchange() {
  if (received_) client_->used_before_ = true;
  if (--client_->live_ != 0) return;
  client_->idle_since_ = session_.loop().now();
  session_.look_again();
}

void H2ClientExchange::send_head(const http::RequestHead& request, bool) {
  staged_ = &request;
  method_ = request.method;
  const http::Framing framing = http::announced_framing(request);
  open_ended_ = framing.kind == http::Framing::Kind::Chunked;
  start_writing(!open_ended_, framing.length, request.version != http::Version::Http2 || !framing.has_body(), false);
}

// No place for the stream, or a connection that is going: as if the backend had refused it.
bool H2ClientExchange::send_staged_head(bool end_stream) {
  const http::RequestHead& head = *std::exchange(staged_, nullptr);
  http::write_h2_request(head, client_->scheme_, session_.texts(), session_.list());
  // A body that turned out to be empty ends by itself, as it did when it came: servers of gRPC wait for that.
  if (!closed() && session_.open_request(*this, session_.list(), end_stream && !open_ended_)) return true;
  session_.texts().clear();
  if (id() == 0) reset(kH2RefusedStream);
  return false;
}

ClientExchange::Closing H2ClientExchange::closing() const {
  if (!closed()) return Closing::Broken;
  if (client_->silent_) return Closing::Silent;
  if (received_) return Closing::Broken;
  if (error() == kH2Http11Required || (error() == kH2RefusedStream && client_->wants_http1_)) return Closing::WantsHttp1;
  return error() == kH2RefusedStream ? Closing::Refused : Closing::Broken;
}

void H2ClientExchange::on_field(std::string_view name, std::string_view value) {
  if (final_came_) return trailer_reader_->field(name, value);
  if (!coming_) coming_ = std::make_unique<Received>(client_->limits_);
  coming_->reader.field(name, value);
}

bool H2ClientExchange::on_fields_end(bool end_stream) {
  received_ = true;
  if (final_came_) {
    const http::Fault fault = trailer_reader_->fault();
    if (fault != http::Fault::None) fail_reading(fault);
    return end_stream && fault == http::Fault::None;
  }
  if (!coming_) coming_ = std::make_unique<Received>(client_->limits_);
  fault_ = coming_->reader.finish(end_stream, method_);
  malformed_ = fault_ != http::Fault::None || informational_.size() == kMaxInformational;
  if (malformed_) return false;
  if (coming_->head.status < 200) {
    informational_.push_back(std::move(coming_));
    return true;
  }
  final_ = std::move(coming_);
  final_came_ = true;
  trailer_reader_.emplace(trailer_texts_, client_->limits_, trailers());
  return true;
}

ClientExchange::Head H2ClientExchange::try_read_head(http::ResponseHead& head) {
  if (!informational_.empty()) {
    taken_ = std::move(informational_.front());
    informational_.erase(informational_.begin());
  } else if (final_) {
    taken_ = std::move(final_);
  } else if (malformed_) {
    return Head::Malformed;
  } else if (closed() && reader().fault() != http::Fault::None) {
    fault_ = reader().fault();
    return Head::Malformed;
  } else {
    return closed() ? Head::Closed : Head::WouldBlock;
  }
  head = std::move(taken_->head);
  return Head::Complete;
}

}  // namespace cardea::conn
