// SPDX-License-Identifier: Apache-2.0
// The admin address of `cardea serve`: /status, /plan, /metrics, /readyz, /livez, /build. Read-only. On the control thread,
// which owns all that it shows.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "app/http_server.h"
#include "base/value.h"

namespace cardea::app {

// Where the pages get what they show; each is called when its page is asked for.
struct AdminFacts {
  std::function<std::vector<base::Value>()> statuses;     // objects with their statuses
  std::function<std::vector<std::string>()> problems;     // what is wrong with manifests, files, sockets
  std::function<base::Value()> plan;                      // without secrets
  std::function<std::string()> metrics;                   // Prometheus text
  std::function<std::string()> not_ready;                 // why this should get no traffic; empty: it should
};

struct AdminResponse {
  std::uint16_t status = 200;
  std::string_view content_type = "text/plain; charset=utf-8";
  std::string body;
};

// `accept` is the request's Accept field: with application/json in it, or with ?format=json, /status is JSON, else YAML.
AdminResponse answer_admin(const AdminFacts& facts, std::string_view method, std::string_view path, std::string_view query,
                           std::string_view accept);

class AdminHandler final : public HttpHandler {
 public:
  explicit AdminHandler(AdminFacts facts) : facts_(std::move(facts)) {}
  async::Task<void> handle(conn::Exchange& exchange, const Client& client) override;

 private:
  AdminFacts facts_;
};

}  // namespace cardea::app
