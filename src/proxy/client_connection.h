// SPDX-License-Identifier: Apache-2.0
// Client: a client's connection that is ready for HTTP, whichever version, and what serving either has in common. Lives in the
// frame of the connection's coroutine; worker's thread.
#pragma once

#include <chrono>
#include <cstdint>

#include "http/fault.h"
#include "net/stream.h"
#include "proxy/failure.h"
#include "proxy/request.h"
#include "proxy/worker.h"

namespace cardea::proxy {

struct Client {
  Worker& worker;
  WorkerBind& bind;
  net::Stream& stream;
  ClientInfo info;
  TlsIdentity identity;
  const Settings& settings() const { return info.settings.settings; }

  // What the tables of that version say of this connection.
  std::uint64_t seen_version = 0;
  const Bind* seen_bind = nullptr;
  const CompiledListener* seen_listener = nullptr;
};

// Fills what the tables say of the connection, once for each version of them.
void see_tables(Client& client, const Tables& tables);

// The bind's entry in a table, null when it has none (any more).
const Bind* find_bind(const Tables& tables, const WorkerBind& bind);
// Of the table that is served now.
BindCounters* bind_counters(Worker& worker, const WorkerBind& bind);

// What holds for the bind's connections that are made now.
const EffectiveSettings& settings_of(Worker& worker, const WorkerBind& bind);

// A malformed request in this room's words.
Failure failure_of(http::Fault fault);

// How long a client gets to read our last response before the connection is closed (of HTTP/2: before its stream is reset,
// when it still sends the request), and to take a response's end.
inline constexpr std::uint64_t kLingerMs = 2'000;

inline std::uint64_t milliseconds(std::chrono::milliseconds duration) { return static_cast<std::uint64_t>(duration.count()); }

}  // namespace cardea::proxy
