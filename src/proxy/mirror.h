// SPDX-License-Identifier: Apache-2.0
// Mirror: a copy of a request, on its way to another backend (RequestMirror; facts, 6.14). The request feeds it the body
// while it reads it, and never waits; a task of the worker sends it, and reads the answer to throw it away. What cannot keep
// up is dropped and counted. It owns what it needs, since the request may end first.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "async/task.h"
#include "async/wait.h"
#include "conn/body.h"
#include "http/head.h"
#include "http/text_arena.h"
#include "proxy/metrics.h"
#include "proxy/route_table.h"
#include "proxy/tables.h"

namespace cardea::proxy {

class Worker;
struct Request;

// The copy's body: fed by the request, read by the task.
class MirrorBody final : public conn::BodyReader {
 public:
  MirrorBody(async::Loop& loop, std::size_t limit) : loop_(loop), limit_(limit) {}

  // The request's side. After end() or drop() nothing more.
  void feed(std::span<const char> data);
  void end(const http::Fields& trailers);
  // The copy is given up.
  void drop(MirrorDrop why);
  bool open() const { return !ended_ && !dropped_; }

  bool dropped() const { return dropped_; }
  MirrorDrop why() const { return why_; }

  conn::ReadStatus peek(std::span<const char>& data) override;
  void consume(std::size_t bytes) override;
  async::Signal& ready() override { return ready_; }
  const http::Fields& trailers() const override { return trailers_; }
  http::Fault fault() const override { return http::Fault::None; }
  bool rewindable() const override { return false; }
  void rewind() override {}

 private:
  async::Loop& loop_;
  const std::size_t limit_;
  std::string waiting_;
  std::size_t begin_ = 0;  // of waiting_: what is not sent yet
  http::TextArena trailer_texts_;
  http::Fields trailers_;
  async::Signal ready_;
  bool ended_ = false;
  bool dropped_ = false;
  MirrorDrop why_ = MirrorDrop::Failed;
};

class Mirror {
 public:
  // Copies the head as it stands.
  Mirror(Request& request, const CompiledMirror& to);
  Mirror(const Mirror&) = delete;
  Mirror& operator=(const Mirror&) = delete;

  MirrorBody& body() { return body_; }
  // The task. Not a member: it holds the mirror.
  static async::Task<void> send(std::shared_ptr<Mirror> mirror);

 private:
  async::Task<void> run();
  async::Task<bool> exchange(EndpointState& endpoint);
  BackendCounters& counters();

  Worker& worker_;
  const TablesHold tables_;  // `to_` and `tls_` are of them
  const CompiledMirror& to_;
  const BackendTls* const tls_;
  const plan::RouteKind kind_;
  http::TextArena texts_;
  http::RequestHead head_;
  MirrorBody body_;
};

// Sends a copy of the request there, unless there are too many already.
void start_mirror(Request& request, const CompiledMirror& to);

// A request's body while it has mirrors: what is consumed of it goes to them too, each byte once.
class MirroredBody final : public conn::BodyReader {
 public:
  MirroredBody(conn::BodyReader& from, std::span<const std::shared_ptr<Mirror>> to) : from_(from), to_(to) {}
  MirroredBody(const MirroredBody&) = delete;
  MirroredBody& operator=(const MirroredBody&) = delete;

  conn::ReadStatus peek(std::span<const char>& data) override;
  void consume(std::size_t bytes) override;
  async::Signal& ready() override { return from_.ready(); }
  const http::Fields& trailers() const override { return from_.trailers(); }
  http::Fault fault() const override { return from_.fault(); }
  bool rewindable() const override { return from_.rewindable(); }
  void rewind() override;

 private:
  conn::BodyReader& from_;
  std::span<const std::shared_ptr<Mirror>> to_;
  std::span<const char> peeked_;
  std::uint64_t fed_ = 0;  // bytes that the mirrors have
};

// A request's mirrors. When it ends, so do those whose body it did not read to the end.
class Mirrors {
 public:
  Mirrors() = default;
  Mirrors(const Mirrors&) = delete;
  Mirrors& operator=(const Mirrors&) = delete;
  ~Mirrors();

  bool empty() const { return mirrors_.empty(); }
  void add(std::shared_ptr<Mirror> mirror) { mirrors_.push_back(std::move(mirror)); }
  std::span<const std::shared_ptr<Mirror>> all() const { return mirrors_; }

 private:
  std::vector<std::shared_ptr<Mirror>> mirrors_;
};

}  // namespace cardea::proxy
