// SPDX-License-Identifier: Apache-2.0
#include "conn/h2_server.h"

#include <sys/random.h>

#include <algorithm>
#include <array>

#include "base/strings.h"
#include "http/framing.h"

namespace cardea::conn {
namespace {

constexpr std::size_t kMaxLingered = 1024 * 1024;

// A key that nobody has to guess (RFC 6455 section 4.1): the client has none to give in HTTP/2.
std::string_view websocket_key(http::TextArena& arena) {
  std::array<char, 16> nonce{};
  if (getrandom(nonce.data(), nonce.size(), 0) < 0) nonce.fill('x');
  return arena.copy(base::encode_base64({nonce.data(), nonce.size()}));
}

}  // namespace

H2Server::H2Server(net::Stream& stream, BufferPool& pool, const http::Limits& limits, const H2ServerOptions& options)
    : stream_(stream), limits_(limits), options_(options), session_(stream, pool, options.session, *this), idle_since_(stream.loop().now()) {}

H2Server::~H2Server() = default;

std::string_view H2Server::fault() const { return fault_.empty() ? session_.fault() : fault_; }

H2Stream* H2Server::accept_stream(std::int32_t id) {
  const std::uint32_t most = options_.session.max_concurrent_streams;
  // Of streams that are closed already some exchanges may still be on their way out.
  if (session_.open_streams() >= most || live_ >= 2 * most) {
    ++counts_.refused;
    return nullptr;
  }
  ++accepted_;
  ++counts_.opened;
  incoming_ = std::make_unique<H2Exchange>(*this, id);
  return incoming_.get();
}

void H2Server::on_request(H2Stream& stream) {
  if (incoming_ && incoming_.get() == &stream) ready_.push_back(std::move(incoming_));
}

// What was reset before anybody looked at it is not worth looking at.
std::unique_ptr<H2Exchange> H2Server::take_ready() {
  while (!ready_.empty()) {
    auto exchange = std::move(ready_.front());
    ready_.pop_front();
    if (!exchange->closed()) return exchange;
  }
  return nullptr;
}

async::Task<std::unique_ptr<H2Exchange>> H2Server::next(async::StopToken stop) {
  async::Loop& loop = session_.loop();
  for (;;) {
    if (auto exchange = take_ready()) co_return exchange;
    session_.send();
    if (session_.over()) break;
    if (stop.requested()) drain();
    check_times();
    if (session_.busy()) {
      co_await loop.yield();
      if (loop.ended()) break;
    } else {
      const async::Wake wake =
          co_await async::wait_any(loop, deadline(), stream_.readable(), stream_.writable(), session_.wanted(), stop.signal());
      if (wake == async::Wake::Ended) break;
    }
    session_.check_deadline();
    session_.receive();
    if (incoming_ && incoming_->closed()) incoming_.reset();
  }
  session_.fail();
  ready_.clear();
  incoming_.reset();
  co_return nullptr;
}

// The first step tells the client that no stream is welcome; those that are on their way to us are still taken in.
void H2Server::drain() {
  if (draining_) return;
  draining_ = true;
  drain_step_until_ = session_.loop().after(options_.drain_step_ms);
  session_.announce_goaway();
  session_.ping();
}

void H2Server::check_times() {
  const auto now = session_.loop().now();
  if (options_.max_requests != 0 && accepted_ >= options_.max_requests) drain();
  if (draining_ && drain_step_until_ <= now) session_.goaway(kH2NoError, "");
  if (session_.goaway_sent()) return;
  if (options_.head_timeout_ms != 0 && session_.reading_since() != async::kNever && session_.reading_since() + options_.head_timeout_ms <= now) {
    fault_ = "head_timeout";
    session_.end(kH2ProtocolError, fault_);
  } else if (options_.idle_timeout_ms != 0 && live_ == 0 && idle_since_ + options_.idle_timeout_ms <= now) {
    session_.goaway(kH2NoError, "idle");
  }
}

async::Deadline H2Server::deadline() const {
  async::Deadline deadline = session_.deadline();
  if (session_.goaway_sent()) return deadline;
  if (draining_) deadline = std::min(deadline, drain_step_until_);
  if (options_.head_timeout_ms != 0 && session_.reading_since() != async::kNever) {
    deadline = std::min(deadline, session_.reading_since() + options_.head_timeout_ms);
  }
  if (options_.idle_timeout_ms != 0 && live_ == 0) deadline = std::min(deadline, idle_since_ + options_.idle_timeout_ms);
  return deadline;
}

async::Task<void> H2Server::linger(async::Deadline deadline) {
  stream_.shutdown_write();
  char* const block = session_.pool().take();
  for (std::size_t discarded = 0; discarded < kMaxLingered;) {
    const auto result = stream_.try_read({block, BufferPool::kBlockBytes});
    if (result.status == net::IoStatus::Ok) {
      discarded += result.bytes;
      continue;
    }
    if (result.status != net::IoStatus::WouldBlock) break;
    const async::Wake wake = co_await async::wait_any(stream_.loop(), deadline, stream_.readable());
    if (wake != async::Wake::Signalled) break;
  }
  session_.pool().give(block);
}

// --- The exchange ---------------------------------------------------------------------------------------------------

H2Exchange::H2Exchange(H2Server& server, std::int32_t id)
    : H2Stream(server.session_, id), server_(server), head_reader_(arena, server.limits_, request), began_(server.session_.loop().now()) {
  ++server_.live_;
}

H2Exchange::~H2Exchange() {
  if (!closed() && end_sent()) reset(kH2NoError);
  if (stalled()) ++server_.counts_.stalled;
  else if (closed() && !end_sent()) ++server_.counts_.reset;
  if (--server_.live_ != 0) return;
  server_.idle_since_ = session_.loop().now();
  session_.look_again();
}

void H2Exchange::on_field(std::string_view name, std::string_view value) {
  if (!head_read_) head_reader_.field(name, value);
  else if (trailer_reader_) trailer_reader_->field(name, value);
}

bool H2Exchange::on_fields_end(bool end_stream) {
  if (head_read_) {
    const http::Fault fault = trailer_reader_ ? trailer_reader_->fault() : http::Fault::None;
    if (fault != http::Fault::None) fail_reading(fault);
    return end_stream && fault == http::Fault::None;
  }
  head_read_ = true;
  fault_ = head_reader_.finish(end_stream);
  trailer_reader_.emplace(arena, server_.limits_, trailers());
  if (fault_ == http::Fault::None && head_reader_.is_websocket()) {
    request.fields.append(http::HeaderId::SecWebSocketKey, websocket_key(arena));
    hold_reading();
  }
  return true;
}

void H2Exchange::inform(const http::ResponseHead& head) {
  http::write_h2_response(head, request.method, session_.texts(), session_.list());
  session_.send_informational(*this, session_.list());
}

// The head leaves with the body's first bytes: until then it can be taken back, and END_STREAM can be a part of it.
void H2Exchange::respond(http::ResponseHead& head) {
  responded_ = true;
  staged_ = true;
  http::copy_head(head, arena, response_);
  const http::Framing framing = http::body_framing(head, request.method);
  const bool has_length = framing.kind == http::Framing::Kind::Length;
  start_writing(has_length, framing.length, head.version != http::Version::Http2, framing.kind == http::Framing::Kind::None);
  if (framing.kind == http::Framing::Kind::Tunnel) release_reading();
}

bool H2Exchange::take_back() {
  if (!responded_ || !staged_ || response_.status == 101) return false;
  responded_ = staged_ = false;
  return true;
}

bool H2Exchange::send_staged_head(bool end_stream) {
  staged_ = false;
  http::write_h2_response(response_, request.method, session_.texts(), session_.list());
  return session_.send_response(*this, session_.list(), end_stream);
}

async::Task<void> H2Exchange::finish(async::Deadline deadline) {
  if (responded_ && !writer().aborted()) {
    const bool sent = co_await flush(loop(), writer(), deadline);
    if (!sent) writer().abort();
  }
  // A malformed request is an error of its stream, whatever was answered (RFC 9113 section 8.1.1).
  if (!end_sent()) reset(kH2InternalError);
  else if (fault_ != http::Fault::None) reset(kH2ProtocolError);
}

// Whether the client can end the request without another WINDOW_UPDATE, or will give it up: clients do when the answer is no
// success. One that goes on and needs windows had better be told at once: curl up to 7.88 does not hear of any.
bool H2Exchange::may_end() const {
  return response_.status >= 300 || !request.body.has_length || request.body.length - bytes_received() <= window_left();
}

async::Task<void> H2Exchange::take_rest(async::Deadline deadline) {
  while (!closed() && may_end()) {
    const async::Wake wake = co_await async::wait_any(loop(), deadline, reader().ready());
    if (wake != async::Wake::Signalled) break;
  }
  reset(kH2NoError);
}

}  // namespace cardea::conn
