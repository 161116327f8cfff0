// SPDX-License-Identifier: Apache-2.0
// Connection: one kept connection to the API server and the one request on it. Owned by the client's pool, a request, or a
// Watch. One loop's thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "async/stop.h"
#include "async/task.h"
#include "conn/h1_client.h"
#include "kube/connect.h"
#include "kube/contact.h"
#include "kube/error.h"

namespace cardea::kube {

struct Request;

struct AnswerHead {
  std::uint16_t status = 0;
  std::optional<std::chrono::milliseconds> retry_after;
};

class Connection {
 public:
  // `contact`, `buffers` and `limits` outlive this. `authority`: for the Host field; `path_prefix`: before every path.
  Connection(Opened opened, Contact& contact, conn::BufferPool& buffers, const http::Limits& limits,
             std::string authority, std::string path_prefix, std::uint64_t credentials)
      : context_(std::move(opened.context)),
        contact_(contact),
        client_(std::move(opened.stream), buffers, limits),
        authority_(std::move(authority)),
        path_prefix_(std::move(path_prefix)),
        credentials_(credentials) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Sends a request and waits for the head of its final answer.
  async::Task<Answer<AnswerHead>> send(const Request& request, std::string_view token, async::Deadline deadline);

  enum class Read : std::uint8_t { Bytes, End, Failed, TimedOut, Ended };
  // Appends what is here of the body to `to`, at least a byte. `stop` and `also` (both or none) end the waiting.
  async::Task<Read> read(std::string& to, async::Deadline deadline, const async::StopToken* stop = nullptr,
                         const async::StopToken* also = nullptr);

  // While quiet, what arrives wakes nobody (net::Stream::set_quiet).
  void set_quiet(bool quiet) { client_.stream().set_quiet(quiet); }

  // The server may have closed the connection before it saw the request: the same may be asked on another one.
  bool may_be_stale() const { return client_.used_before() && !exchange_->anything_received(); }
  // After the body's end: whether another request may follow. Ends this one.
  bool finish();
  // Idle and open.
  bool usable(async::Deadline now) const { return client_.quiet() && client_.idle_until > now; }
  void keep_until(async::Deadline deadline) { client_.idle_until = deadline; }
  // The version of the credentials that it was made with.
  std::uint64_t credentials() const { return credentials_; }

 private:
  std::shared_ptr<const net::TlsClientContext> context_;  // outlives the stream
  Contact& contact_;
  conn::H1Client client_;
  std::optional<conn::H1ClientExchange> exchange_;
  std::string authority_;
  std::string path_prefix_;
  std::uint64_t credentials_;
};

}  // namespace cardea::kube
