// SPDX-License-Identifier: Apache-2.0
// `cardea echo`: a backend for the examples, the tests and people's own trials. It answers with who it is and what it
// received (echo_reply.h), and sends back WebSocket messages and those of gRPC, whatever the service and method: each as it
// comes, so that every kind of streaming can be tried.
#pragma once

#include <string>

#include "app/http_server.h"
#include "app/settings.h"

namespace cardea::app {

class EchoHandler final : public HttpHandler {
 public:
  explicit EchoHandler(std::string name) : name_(std::move(name)) {}
  async::Task<void> handle(conn::Exchange& exchange, const Client& client) override;

 private:
  async::Task<void> answer(conn::Exchange& exchange, const Client& client, std::uint64_t body_bytes);

  std::string name_;
};

// Runs until a signal; the process's exit code.
int run_echo(const EchoSettings& settings);

}  // namespace cardea::app
