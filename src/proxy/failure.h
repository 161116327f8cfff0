// SPDX-License-Identifier: Apache-2.0
// The vocabulary of what can go wrong with a request or a connection (law 7): each reason has a side, a name for
// metrics and logs, and one row in one table that says what the client gets. Nothing else in this room chooses a status
// for an error.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cardea::proxy {

// Whose doing it is: the client's, the backend's, or ours (the configuration included).
enum class Side : std::uint8_t { None, Client, Backend, Ours };

enum class Reason : std::uint8_t {
  None,  // nothing went wrong

  // What the client sent.
  MalformedRequest,  // RFC 9110 and 9112; the detail says what
  UnsupportedVersion,
  UnsupportedMethod,    // CONNECT, which nothing here serves
  UnknownExpectation,   // Expect other than 100-continue
  UnsupportedEncoding,  // a transfer coding that we do not know
  TargetTooLong,
  HeadTooLarge,
  BodyTooLarge,
  RequestHeadTimeout,
  RequestBodyTimeout,
  ClientStalled,  // took nothing of its response for too long, and was cut
  ClientAborted,  // went away before its response was complete; logged as kClientAbortedStatus
  TlsHandshake,   // failed or timed out
  TooManyConnections,

  // What the configuration says about it.
  NoListener,  // no listener of this port has a hostname that matches
  NoRoute,
  Misdirected,  // the TLS connection belongs to another listener (facts, 6.9)
  LoopDetected,  // it was here too often already
  NoBackends,   // a rule without backends, or with weights of zero
  BackendInvalid,
  UnresolvedFilter,

  // What became of the backend.
  NoEndpoints,
  ConnectFailed,
  ConnectTimeout,
  BackendTls,        // no TLS connection that can be trusted
  BackendReset,      // closed or reset before a whole response head
  RetriesExhausted,  // ... and so was every try that the rule's `retry` allows
  BackendTruncated,  // closed or reset within the response body: what was sent cannot be taken back
  BackendMalformed,
  BackendHeadTooLarge,
  RequestTimeout,  // timeouts.request, or the default for it
  BackendTimeout,  // timeouts.backendRequest, or the default for it
  AuthDenied,       // the authorization service said no, and what the client gets
  AuthUnavailable,  // ... or could not be asked, or said nothing that could be understood
  UpgradeRefused,  // the backend switched to a protocol that was not asked for

  // Ours.
  Draining,
  Internal,
};
inline constexpr std::size_t kReasons = static_cast<std::size_t>(Reason::Internal) + 1;

struct FailureInfo {
  Reason reason;
  Side side;
  // What the client gets while no byte of a response has been sent; 0: nothing, the connection is closed.
  std::uint16_t status;
  // Whether the client's connection cannot go on after it (its bytes can no longer be told apart).
  bool close;
  std::string_view name;     // in metrics and logs: "connect_failed"
  std::string_view message;  // the body of the response, one sentence without a line break
  // What a client of gRPC gets in place of the status (gRPC, "Status codes and their use"): UNAVAILABLE unless said.
  std::uint8_t grpc_status = 14;
};

// What logs and counters say of a request whose client went away before it got any status.
inline constexpr std::uint16_t kClientAbortedStatus = 499;

const FailureInfo& describe(Reason reason);
inline std::string_view name_of(Reason reason) { return describe(reason).name; }
std::string_view name_of(Side side);  // "client", "backend", "gateway"; empty for None

// A reason and what only this case knows. `detail` is static text ("two Host fields"): it is logged and never sent.
struct Failure {
  Reason reason = Reason::None;
  std::string_view detail;

  explicit operator bool() const { return reason != Reason::None; }
};

}  // namespace cardea::proxy
