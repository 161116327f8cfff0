// SPDX-License-Identifier: Apache-2.0
#include "proxy/mirror.h"

#include <algorithm>
#include <utility>

#include "conn/client_connection.h"
#include "proxy/connect.h"
#include "proxy/request.h"
#include "proxy/worker.h"

namespace cardea::proxy {

using conn::ClientExchange;
using conn::PumpStatus;
using conn::ReadStatus;

// --- The body -------------------------------------------------------------------------------------------------------

void MirrorBody::feed(std::span<const char> data) {
  if (!open()) return;
  if (waiting_.size() - begin_ + data.size() > limit_) return drop(MirrorDrop::TooSlow);
  if (begin_ > 0 && begin_ >= waiting_.size() / 2) {
    waiting_.erase(0, begin_);
    begin_ = 0;
  }
  waiting_.append(data.data(), data.size());
  ready_.raise(loop_);
}

void MirrorBody::end(const http::Fields& trailers) {
  if (!open()) return;
  for (http::Field field : trailers) {
    field = {trailer_texts_.copy(field.name), trailer_texts_.copy(field.value), field.id};
    trailers_.append(field);
  }
  ended_ = true;
  ready_.raise(loop_);
}

void MirrorBody::drop(MirrorDrop why) {
  if (dropped_) return;
  dropped_ = true;
  why_ = why;
  waiting_ = {};
  begin_ = 0;
  ready_.raise(loop_);
}

ReadStatus MirrorBody::peek(std::span<const char>& data) {
  if (dropped_) return ReadStatus::Failed;
  if (begin_ == waiting_.size()) return ended_ ? ReadStatus::End : ReadStatus::WouldBlock;
  data = std::span<const char>(waiting_).subspan(begin_);
  return ReadStatus::Data;
}

void MirrorBody::consume(std::size_t bytes) {
  bytes_read_ += bytes;
  begin_ += bytes;
  if (begin_ < waiting_.size()) return;
  waiting_.clear();
  begin_ = 0;
}

ReadStatus MirroredBody::peek(std::span<const char>& data) {
  const ReadStatus status = from_.peek(peeked_);
  if (status == ReadStatus::Data) data = peeked_;
  if (status == ReadStatus::End) {
    for (const auto& mirror : to_) mirror->body().end(from_.trailers());
  }
  return status;
}

void MirroredBody::consume(std::size_t bytes) {
  const std::uint64_t known = std::min<std::uint64_t>(bytes, fed_ - std::min(fed_, bytes_read_));
  const auto fresh = peeked_.first(bytes).subspan(known);
  if (!fresh.empty()) {
    for (const auto& mirror : to_) mirror->body().feed(fresh);
  }
  bytes_read_ += bytes;
  fed_ = std::max(fed_, bytes_read_);
  from_.consume(bytes);
}

void MirroredBody::rewind() {
  from_.rewind();
  bytes_read_ = 0;
}

Mirrors::~Mirrors() {
  for (const auto& mirror : mirrors_) {
    if (mirror->body().open()) mirror->body().drop(MirrorDrop::RequestEnded);
  }
}

// --- The task -------------------------------------------------------------------------------------------------------

Mirror::Mirror(Request& request, const CompiledMirror& to)
    : worker_(request.worker),
      tables_(request.tables_use),
      to_(to),
      tls_(request.tables.backend_tls->find(request.listener->gateway(), *to.backend)),
      kind_(request.rule->plan->kind),
      body_(worker_.loop(), to_.settings->settings.max_mirror_bytes) {
  http::copy_head(request.head(), texts_, head_);
  head_.fields.remove(http::HeaderId::Expect);  // the body comes whatever the answer is
}

BackendCounters& Mirror::counters() { return to_.series->counters.at(worker_.index()); }

async::Task<void> Mirror::send(std::shared_ptr<Mirror> mirror) {
  mirror->worker_.mirror_begins();
  co_await mirror->worker_.loop().yield();  // the request goes first
  co_await mirror->run();
  mirror->worker_.mirror_ends();
}

async::Task<void> Mirror::run() {
  EndpointLease endpoint = worker_.balancer().pick(*to_.slot, worker_.random());
  bool sent = false;
  if (endpoint) {
    sent = co_await exchange(*endpoint);
  } else {
    body_.drop(MirrorDrop::NoEndpoints);
  }
  if (sent) {
    counters().mirrored.add();
  } else {
    body_.drop(MirrorDrop::Failed);
    counters().mirrors_dropped[static_cast<std::size_t>(body_.why())].add();
  }
}

// What is left to do of a copy, driven step by step.
namespace {

class MirrorExchange {
 public:
  MirrorExchange(conn::ClientConnection& connection, const http::RequestHead& head, MirrorBody& body)
      : backend_(connection), upload_(body, backend_->request_body()) {
    backend_->send_head(head, false);
  }

  ClientExchange& backend() { return *backend_; }
  bool answered() const { return answered_; }
  bool uploaded() const { return !uploading_; }
  bool reusable() const { return answered_ && !uploading_ && backend_.reusable(); }
  bool busy() { return std::exchange(busy_, false); }

  // False: it failed.
  bool step() {
    if (uploading_ && !push()) return false;
    if (!has_head_ && !read_head()) return false;
    return !has_head_ || discard();
  }

 private:
  bool push() {
    switch (upload_.run()) {
      case PumpStatus::Done:
        uploading_ = false;
        return true;
      case PumpStatus::Busy:
        busy_ = true;
        return true;
      case PumpStatus::ReadFailed:
      case PumpStatus::WriteFailed:
      case PumpStatus::TooMuch:
        return false;
      default:
        return true;
    }
  }

  bool read_head() {
    http::ResponseHead head;
    switch (backend_->try_read_head(head)) {
      case ClientExchange::Head::Complete:
        has_head_ = head.status >= 200;
        busy_ = !has_head_;
        return head.status != 101;
      case ClientExchange::Head::WouldBlock:
        return true;
      default:
        return false;
    }
  }

  bool discard() {
    const ReadStatus status = conn::discard(backend_->response_body());
    answered_ = status == ReadStatus::End;
    busy_ = status == ReadStatus::Data;
    return status != ReadStatus::Failed;
  }

  conn::AnyClientExchange backend_;
  conn::Pump upload_;
  bool uploading_ = true;
  bool has_head_ = false;
  bool answered_ = false;
  bool busy_ = false;
};

}  // namespace

// True: it was sent whole, and answered.
async::Task<bool> Mirror::exchange(EndpointState& endpoint) {
  async::Loop& loop = worker_.loop();
  const auto patience = static_cast<std::uint64_t>(to_.settings->settings.mirror_timeout.count());
  const BackendTarget target = target_of(kind_, to_, tls_, false);
  conn::ClientConnection connection = pooled_connection(worker_, target, endpoint);
  if (!connection) {
    MadeConnection made = co_await connect_backend(worker_, target, endpoint, loop.after_or_never(patience));
    if (made.failure) co_return false;
    connection = std::move(made.connection);
  }
  bool reusable = false;
  {
    if (head_.authority.empty()) head_.authority = texts_.copy(endpoint.text);
    MirrorExchange copy(connection, head_, body_);
    async::Deadline answer_by = async::kNever;
    for (;;) {
      if (!copy.step()) co_return false;
      if (copy.answered()) break;
      if (copy.busy()) {
        co_await loop.yield();
        if (loop.ended()) co_return false;
        continue;
      }
      if (copy.uploaded() && answer_by == async::kNever) answer_by = loop.after_or_never(patience);
      const async::Deadline deadline = copy.uploaded() ? answer_by : loop.after_or_never(patience);
      const async::Wake wake = co_await async::wait_any(loop, deadline, copy.backend().ready(), copy.backend().request_body().ready(),
                                                        body_.ready());
      if (wake == async::Wake::TimedOut) body_.drop(MirrorDrop::TimedOut);
      if (wake != async::Wake::Signalled) co_return false;
    }
    reusable = copy.reusable();
    if (!copy.uploaded()) co_return false;
  }
  if (reusable) keep_connection(worker_, target, endpoint, std::move(connection));
  co_return true;
}

void start_mirror(Request& request, const CompiledMirror& to) {
  Worker& worker = request.worker;
  BackendCounters& counters = to.series->counters.at(worker.index());
  if (worker.mirrors() >= to.settings->settings.max_mirrors) {
    counters.mirrors_dropped[static_cast<std::size_t>(MirrorDrop::TooMany)].add();
    return;
  }
  auto mirror = std::make_shared<Mirror>(request, to);
  request.mirrors.add(mirror);
  conn::BodyReader& body = request.body();
  std::span<const char> unused;
  if (body.peek(unused) == ReadStatus::End) mirror->body().end(body.trailers());
  worker.scope().spawn(Mirror::send, std::move(mirror));
}

}  // namespace cardea::proxy
