// SPDX-License-Identifier: Apache-2.0
// Request: what the data plane knows of one exchange while it handles it, and what is logged and counted of it at its end.
// Lives in the frame of the connection's coroutine for that exchange; one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "async/stop.h"
#include "conn/exchange.h"
#include "conn/replay_reader.h"
#include "proxy/check_message.h"
#include "proxy/failure.h"
#include "proxy/filter/cors.h"
#include "proxy/filter/forwarded.h"
#include "proxy/mirror.h"
#include "proxy/request_id.h"
#include "proxy/route_table.h"
#include "proxy/session.h"
#include "proxy/tables.h"

namespace cardea::proxy {

class Worker;

using SteadyTime = std::chrono::steady_clock::time_point;

// What stays the same for all requests of a client's connection.
struct ClientInfo {
  std::string_view ip;       // "192.0.2.1"
  std::string_view address;  // "192.0.2.1:40112"
  const async::StopSource& ending;  // requested: the next response is the connection's last
  const EffectiveSettings& settings;  // that held where it came in when it was made
};

struct Request {
  Request(Worker& of, conn::Exchange& on, const TablesHold& under, const ClientInfo& from)
      : worker(of), exchange(on), tables(*under), tables_use(under.use()), client(from) {}

  http::RequestHead& head() { return exchange.request; }
  // In place of exchange.respond(): what decides about `Connection` is the moment of the answer, not of the question.
  void respond(http::ResponseHead& response) {
    if (client.ending.requested()) exchange.close_after();
    if (response.status >= 200) conn::add_date(exchange, response);
    exchange.respond(response);
  }

  // What holds for it: its listener's once that is known, before that its connection's.
  const EffectiveSettings& all_settings() const;
  const Settings& settings() const { return all_settings().settings; }

  Worker& worker;
  conn::Exchange& exchange;
  const Tables& tables;
  TablesUse* const tables_use;  // of `tables`, which need not be the worker's any more
  const ClientInfo& client;

  const Bind* bind = nullptr;
  const CompiledListener* connection_listener = nullptr;  // TLS: what the connection is entitled to
  const CompiledListener* listener = nullptr;
  const CompiledRule* rule = nullptr;
  const CompiledBackendRef* backend = nullptr;

  // As the client sent them: filters change the head.
  std::string_view client_host;
  std::string_view client_target;
  RequestIdText request_id_text;
  std::string_view request_id;
  std::string_view trace_id;
  DecidedClient from;                  // who began it: the peer of the connection, or whom a trusted proxy names
  std::optional<Announced> preflight;  // of a rule that answers preflights
  CorsRequest cors;                    // null where the rule has no CORS

  SteadyTime started;
  async::Deadline deadline = async::kNever;  // timeouts.request
  std::chrono::microseconds backend_duration{-1};
  std::string_view endpoint;  // of the last attempt; in the arena
  std::uint32_t tries = 0;
  std::uint16_t status = 0;          // what the client got
  std::uint16_t backend_status = 0;  // what the backend answered, when it did
  std::optional<unsigned> grpc_status;  // of an answer of ours
  bool status_by_backend = false;
  Failure failure;
  RequestSession session;
  std::vector<AuthHeader> response_headers;  // that an authorization service has for the client
  Mirrors mirrors;

  // The request's body as it goes on.
  conn::BodyReader& body() { return kept_body_ ? static_cast<conn::BodyReader&>(*kept_body_) : exchange.request_body(); }
  // ... from now on kept, as far as the limit for that goes, so that it can be read before it is forwarded.
  conn::BodyReader& keep_body() {
    if (!kept_body_) kept_body_.emplace(exchange.request_body(), settings().max_replay_bytes);
    return *kept_body_;
  }

 private:
  std::optional<conn::ReplayReader> kept_body_;
};

}  // namespace cardea::proxy
