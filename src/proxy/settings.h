// SPDX-License-Identifier: Apache-2.0
// Settings of the data plane: every limit and time-out with its default. Filled by flags (app); for a Gateway also by its
// GatewayParameters (effective_settings.h). A value.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/ip.h"
#include "conn/h2_flood.h"
#include "net/tls_settings.h"
#include "proxy/load_balancing.h"

namespace cardea::proxy {

// Of names that endpoints give in place of addresses.
struct NameLimits {
  std::chrono::milliseconds min_ttl{5'000};  // an answer is used at least so long,
  std::chrono::milliseconds max_ttl{300'000};  // and at most; then it is asked for again
  std::uint32_t max_names = 1'000;
  std::uint32_t max_addresses = 64;  // of a name
};

struct Settings {
  std::uint32_t workers = 0;  // fixed once they run; 0: as many as the CPUs that this process may use (affinity and cgroup quota)
  // Where listeners of Gateways without spec.addresses listen; empty: all of IPv4 and IPv6.
  std::vector<std::string> bind_addresses;

  // Limits on what clients send (RFC 9110, 9112). Over the limit: 414, 431, 400 or 413 as the RFCs say.
  std::size_t max_request_line_bytes = 16 * 1024;
  std::size_t max_head_bytes = 64 * 1024;  // request line and fields
  std::size_t max_fields = 128;
  std::size_t max_trailer_bytes = 8 * 1024;
  std::size_t max_chunk_line_bytes = 1024;            // a chunk's size with its extensions; of backends too: 502
  std::size_t max_chunk_extension_bytes = 16 * 1024;  // of all chunks of a body; of backends too: 502
  std::size_t max_response_head_bytes = 64 * 1024;  // from backends; over it: 502
  std::uint64_t max_request_body_bytes = 0;         // 0: no limit
  std::uint32_t max_requests_per_connection = 0;    // 0: no limit
  std::uint32_t max_connections = 0;                // of clients, per worker; 0: no limit

  // HTTP/2 of clients (RFC 9113).
  std::uint32_t http2_max_streams = 128;                  // of a connection, open at once; more are refused
  std::uint32_t http2_stream_window_bytes = 64 * 1024;    // of a request body that is not read yet
  std::size_t http2_backlog_bytes = 64 * 1024;            // of responses that the connection has not taken yet
  conn::H2FloodLimits http2_floods;                       // over one: ENHANCE_YOUR_CALM, and the connection ends

  // Client side. 0 means none.
  std::chrono::milliseconds request_head_timeout{15'000};   // from a request's first byte to the end of its head: 408
  std::chrono::milliseconds tls_handshake_timeout{10'000};  // from accept to the end of the handshake
  std::chrono::milliseconds idle_timeout{75'000};           // between requests of a connection
  std::chrono::milliseconds body_idle_timeout{60'000};      // without a byte of a request body that we wait for: 408
  std::chrono::milliseconds http2_stall_timeout{60'000};    // a client takes nothing of a stream: it is reset

  // Backend side.
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds backend_idle_timeout{55'000};  // of a pooled connection
  std::uint32_t max_idle_per_endpoint = 256;               // pooled connections of one worker to one endpoint
  std::uint32_t backend_http2_max_streams = 100;           // of an HTTP/2 connection, if its backend allows as many
  std::uint32_t backend_http2_window_bytes = 256 * 1024;   // of a response's body that is not read yet
  std::chrono::milliseconds backend_http2_ping_interval{10'000};  // of silence, while requests wait, until PING; 0: never
  std::chrono::milliseconds backend_http2_ping_timeout{10'000};   // for any sign of life after that
  std::uint32_t connect_attempts = 3;                      // endpoints tried when connecting fails
  // Rules with `retry`.
  std::chrono::milliseconds retry_backoff{25};  // where the rule names none
  std::size_t max_replay_bytes = 64 * 1024;     // of a request's body kept to be sent again; a larger one is not
  // Copies of requests (RequestMirror). What goes beyond is dropped and counted; the request itself never waits.
  std::uint32_t max_mirrors = 256;              // under way in a worker
  std::size_t max_mirror_bytes = 1024 * 1024;   // of a copy's body that waits to be sent
  std::chrono::milliseconds mirror_timeout{30'000};  // without progress, and from a copy's end to that of its answer
  std::size_t max_auth_answer_bytes = 64 * 1024;            // of an authorization service, by gRPC
  std::chrono::milliseconds external_auth_timeout{10'000};  // from asking an authorization service to its whole answer; 0: none
  // Requests without timeouts of their own; 0: none.
  std::chrono::milliseconds request_timeout{0};
  std::chrono::milliseconds backend_request_timeout{0};

  // Which endpoint of a backend.
  LoadBalancing load_balancing = LoadBalancing::LeastOfTwo;
  HashOn hash_on = HashOn::SourceAddress;
  std::string hash_name;  // of the header or cookie

  net::TlsRules tls;          // towards clients: versions, ciphers
  net::TlsRules backend_tls;  // towards backends; the version that a BackendTLSPolicy asks for itself comes first

  // Who forwarded a request, and what we say of it.
  std::vector<base::IpRange> trusted_proxies;  // what these say of the client is believed; of all others nothing
  std::string via = "cardea";                  // our name in Via; empty: none is sent
  std::uint32_t trace_sampling_percent = 100;       // of the traces that begin here: those that ask to be recorded

  NameLimits names;
  // Whether a name may lead to loopback and link-local addresses, where Kubernetes accepts no endpoint: `serve` alone.
  bool local_names = false;

  bool access_log = false;
  std::size_t access_log_buffer_bytes = 256 * 1024;  // per worker; what does not fit is dropped and counted
};

}  // namespace cardea::proxy
