// SPDX-License-Identifier: Apache-2.0
#include "conn/h1_server.h"

#include <algorithm>

#include "http/framing.h"
#include "http/h1_writer.h"
#include "http/syntax.h"

namespace cardea::conn {
namespace {

// How much of a request body that nobody wanted is read to save the connection.
constexpr std::uint64_t kMaxDiscarded = 64 * 1024;
constexpr std::size_t kMaxLingered = 1024 * 1024;
// Behind a head there is always room for a good piece of the body.
constexpr std::size_t kMinBodyRoom = 8 * 1024;
// Requests of one pipeline that are served before others have their turn.
constexpr std::uint32_t kPipelineShare = 16;

constexpr std::string_view kHttp2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

// See H1Server::Protocol::Neither. A line that is not whole yet is for the parser to judge.
bool is_foreign(std::string_view bytes) {
  const std::size_t end = bytes.find("\r\n");
  if (end == std::string_view::npos) return false;
  const std::string_view line = bytes.substr(0, end);
  constexpr std::string_view kHttp = "http/";
  if (std::ranges::count(line, ' ') != 2 || !std::ranges::all_of(line, [](char c) { return c >= ' ' && c < 0x7f; })) return false;
  return std::ranges::search(line, kHttp, [](char a, char b) { return http::to_lower(a) == b; }).empty();
}

template <class Head>
void stage_head(Buffer& out, const Head& head, const http::WriteOptions& options) {
  char* start = out.reserve(http::max_head_size(head));
  out.commit(static_cast<std::size_t>(http::write_head(start, head, options) - start));
}

}  // namespace

async::Task<H1Server::Waited> H1Server::wait_for_request(async::Deadline deadline, async::StopToken stop) {
  if (++pipelined_ > kPipelineShare) {
    pipelined_ = 0;
    co_await stream_.loop().yield();
  }
  while (in_.empty()) {
    const auto result = stream_.try_read(in_.space(BufferPool::kBlockBytes));
    if (result.status == net::IoStatus::Ok) {
      in_.commit(result.bytes);
      break;
    }
    in_.release_if_empty();
    if (result.status != net::IoStatus::WouldBlock) co_return Waited::Closed;
    if (stop.requested()) co_return Waited::Stopped;
    const async::Wake wake = co_await async::wait_any(stream_.loop(), deadline, stream_.readable(), stop.signal());
    pipelined_ = 0;
    if (wake == async::Wake::TimedOut) co_return Waited::Idle;
    if (wake == async::Wake::Ended) co_return Waited::Stopped;
  }
  co_return Waited::Bytes;
}

async::Task<H1Server::Protocol> H1Server::tell_protocol(async::Deadline deadline) {
  for (;;) {
    const std::size_t known = std::min(in_.size(), kHttp2Preface.size());
    if (in_.view().substr(0, known) != kHttp2Preface.substr(0, known)) co_return is_foreign(in_.view()) ? Protocol::Neither : Protocol::Http1;
    if (known == kHttp2Preface.size()) co_return Protocol::Http2;
    const auto result = stream_.try_read(in_.space(BufferPool::kBlockBytes));
    if (result.status == net::IoStatus::Ok) {
      in_.commit(result.bytes);
      continue;
    }
    if (result.status != net::IoStatus::WouldBlock) co_return Protocol::Http1;
    const async::Wake wake = co_await async::wait_any(stream_.loop(), deadline, stream_.readable());
    if (wake != async::Wake::Signalled) co_return Protocol::Http1;
  }
}

std::string H1Server::take_unread() {
  std::string bytes(in_.view());
  in_.consume(in_.size());
  in_.release_if_empty();
  return bytes;
}

async::Task<void> H1Server::linger(async::Deadline deadline) {
  stream_.shutdown_write();
  in_.consume(in_.size());
  for (std::size_t discarded = 0; discarded < kMaxLingered;) {
    const auto result = stream_.try_read(in_.space(BufferPool::kBlockBytes));
    if (result.status == net::IoStatus::Ok) {
      discarded += result.bytes;
      continue;
    }
    if (result.status != net::IoStatus::WouldBlock) co_return;
    in_.release_if_empty();
    const async::Wake wake = co_await async::wait_any(stream_.loop(), deadline, stream_.readable());
    if (wake != async::Wake::Signalled) co_return;
  }
}

H1Exchange::H1Exchange(H1Server& server)
    : server_(server), reader_(server.stream_, server.in_, server.limits_), writer_(server.stream_, server.out_) {}

H1Exchange::~H1Exchange() {
  server_.in_.unpin();
  server_.in_.release_if_empty();
}

async::Task<H1Exchange::Read> H1Exchange::read_head(async::Deadline deadline) {
  Buffer& in = server_.in_;
  http::ParseProgress progress;
  for (;;) {
    const auto parsed = http::parse_request_head(in.unread(), server_.limits_, arena, progress, request);
    if (parsed.complete()) {
      in.consume(parsed.consumed);
      break;
    }
    if (parsed.malformed()) {
      fault_ = parsed.fault;
      close_ = true;
      co_return Read::Malformed;
    }
    const auto result = server_.stream_.try_read(in.space(server_.limits_.max_head_bytes + 1));
    if (result.status == net::IoStatus::Ok) {
      in.commit(result.bytes);
    } else if (result.status != net::IoStatus::WouldBlock) {
      co_return Read::Closed;
    } else {
      close_ = true;  // whatever is answered from here on without a request
      const async::Wake wake = co_await async::wait_any(loop(), deadline, server_.stream_.readable());
      if (wake == async::Wake::TimedOut) co_return Read::TimedOut;
      if (wake == async::Wake::Ended) co_return Read::Ended;
    }
  }
  close_ = !http::wants_keep_alive(request);
  in.pin();
  const char* base = in.base();
  const std::size_t head_bytes = in.pinned();
  const auto framing = http::body_framing(request);
  if (framing.has_body() && in.make_room_behind_pin(kMinBodyRoom)) http::relocate(request, base, head_bytes, in.base());
  reader_.start(framing);
  co_return Read::Request;
}

void H1Exchange::inform(const http::ResponseHead& head) {
  if (request.version == http::Version::Http10) return;
  stage_head(server_.out_, head, {});
}

void H1Exchange::respond(http::ResponseHead& head) {
  responded_ = true;
  http::WriteOptions options;
  options.framing = http::announced_framing(head, request.method);
  const bool tunnel = options.framing.kind == http::Framing::Kind::Tunnel;
  const bool http10 = request.version == http::Version::Http10;
  const bool open_ended = options.framing.kind == http::Framing::Kind::UntilClose;
  if (http10 && (open_ended || options.framing.kind == http::Framing::Kind::Chunked)) {
    options.framing = http::Framing::until_close();
    close_ = true;
  } else if (open_ended || (!http10 && http::needs_chunks(head, request))) {
    options.framing = http::Framing::chunked();
  }
  // A client that got its answer in place of 100 (Continue) may or may not send the body: see discard_request_body().
  if (!tunnel && !reader_.at_end() && waits_for_continue()) close_ = true;
  options.upgrade = tunnel;
  options.close = close_ && !tunnel;
  options.keep_alive = http10 && !close_;
  staged_before_ = server_.out_.size();
  stage_head(server_.out_, head, options);
  const bool sends_body = http::body_framing(head, request.method).kind != http::Framing::Kind::None;
  writer_.start(options.framing, sends_body);
  if (tunnel) {
    close_ = true;
    reader_.start(http::Framing::tunnel());
  }
}

bool H1Exchange::take_back() {
  if (!responded_ || writer_.offered() || writer_.framing().kind == http::Framing::Kind::Tunnel) return false;
  server_.out_.truncate(staged_before_);
  responded_ = false;
  return true;
}

async::Task<bool> H1Exchange::finish(async::Deadline deadline) {
  if (writer_.aborted() || !responded_) co_return false;
  const bool sent = co_await flush(loop(), writer_, deadline);
  if (!sent) writer_.abort();
  if (!sent || close_ || !writer_.finished()) co_return false;
  if (!reader_.at_end()) {
    const bool discarded = co_await discard_request_body(deadline);
    if (!discarded) co_return false;
  }
  co_return true;
}

// A client that waits for 100 (Continue) got its final answer and will not send the body: then only closing tells the
// two readings of what follows apart (RFC 9110 section 10.1.1).
async::Task<bool> H1Exchange::discard_request_body(async::Deadline deadline) {
  if (waits_for_continue()) co_return false;
  if (reader_.framing().kind == http::Framing::Kind::Length && reader_.framing().length > kMaxDiscarded) co_return false;
  while (reader_.bytes_read() <= kMaxDiscarded) {
    std::span<const char> data;
    const ReadStatus status = reader_.peek(data);
    if (status == ReadStatus::End) co_return true;
    if (status == ReadStatus::Failed) co_return false;
    if (status == ReadStatus::Data) {
      reader_.consume(data.size());
      continue;
    }
    const async::Wake wake = co_await async::wait_any(loop(), deadline, reader_.ready());
    if (wake != async::Wake::Signalled) co_return false;
  }
  co_return false;
}

}  // namespace cardea::conn
