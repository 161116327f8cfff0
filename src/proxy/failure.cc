// SPDX-License-Identifier: Apache-2.0
#include "proxy/failure.h"

#include <array>

namespace cardea::proxy {

namespace {

constexpr bool kClose = true;
constexpr bool kKeep = false;

// Of gRPC.
constexpr std::uint8_t kDeadlineExceeded = 4;
constexpr std::uint8_t kResourceExhausted = 8;
constexpr std::uint8_t kUnimplemented = 12;
constexpr std::uint8_t kInternal = 13;

// In the order of the enumeration; failure_test checks it.
constexpr std::array<FailureInfo, kReasons> kTable = {{
    {Reason::None, Side::None, 0, kKeep, "none", ""},

    {Reason::MalformedRequest, Side::Client, 400, kClose, "malformed_request", "The request is malformed.", kInternal},
    {Reason::UnsupportedVersion, Side::Client, 505, kClose, "unsupported_version",
     "This version of HTTP is not supported."},
    {Reason::UnsupportedMethod, Side::Client, 501, kClose, "unsupported_method", "This method is not supported.", kUnimplemented},
    {Reason::UnknownExpectation, Side::Client, 417, kClose, "unknown_expectation", "The expectation cannot be met.", kInternal},
    {Reason::UnsupportedEncoding, Side::Client, 501, kClose, "unsupported_encoding",
     "This transfer coding is not supported.", kUnimplemented},
    {Reason::TargetTooLong, Side::Client, 414, kClose, "target_too_long", "The request target is too long.", kResourceExhausted},
    {Reason::HeadTooLarge, Side::Client, 431, kClose, "head_too_large",
     "The header fields of the request are too large.", kResourceExhausted},
    {Reason::BodyTooLarge, Side::Client, 413, kClose, "body_too_large", "The body of the request is too large.", kResourceExhausted},
    {Reason::RequestHeadTimeout, Side::Client, 408, kClose, "request_head_timeout",
     "The request did not arrive in time.", kDeadlineExceeded},
    {Reason::RequestBodyTimeout, Side::Client, 408, kClose, "request_body_timeout",
     "The body of the request did not arrive in time.", kDeadlineExceeded},
    {Reason::ClientStalled, Side::Client, 0, kClose, "client_stalled", ""},
    {Reason::ClientAborted, Side::Client, 0, kClose, "client_aborted", ""},
    {Reason::TlsHandshake, Side::Client, 0, kClose, "tls_handshake", ""},
    {Reason::TooManyConnections, Side::Ours, 0, kClose, "too_many_connections", ""},

    {Reason::NoListener, Side::Client, 404, kKeep, "no_listener", "Nothing is served for this host.", kUnimplemented},
    {Reason::NoRoute, Side::Client, 404, kKeep, "no_route", "No route matches this request.", kUnimplemented},
    {Reason::Misdirected, Side::Client, 421, kKeep, "misdirected",
     "This connection may not be used for this host; open another one."},
    {Reason::LoopDetected, Side::Ours, 508, kKeep, "loop_detected", "The request passed this gateway too often: it runs in a circle.",
     kInternal},
    {Reason::NoBackends, Side::Ours, 500, kKeep, "no_backends", "The route has no backends."},
    {Reason::BackendInvalid, Side::Ours, 500, kKeep, "backend_invalid",
     "The route refers to a backend that cannot be used."},
    {Reason::UnresolvedFilter, Side::Ours, 500, kKeep, "unresolved_filter",
     "The route has a filter that cannot be applied.", kInternal},

    {Reason::NoEndpoints, Side::Backend, 503, kKeep, "no_endpoints", "The backend has no endpoint that is ready."},
    {Reason::ConnectFailed, Side::Backend, 503, kKeep, "connect_failed", "The backend could not be reached."},
    {Reason::ConnectTimeout, Side::Backend, 503, kKeep, "connect_timeout", "The backend could not be reached in time."},
    {Reason::BackendTls, Side::Backend, 502, kKeep, "backend_tls",
     "No TLS connection to the backend could be made that can be trusted."},
    {Reason::BackendReset, Side::Backend, 502, kKeep, "backend_reset",
     "The backend closed the connection before it answered."},
    {Reason::RetriesExhausted, Side::Backend, 503, kKeep, "retries_exhausted",
     "The backend closed the connection before it answered, each time the request was sent."},
    {Reason::BackendTruncated, Side::Backend, 502, kClose, "backend_truncated", "The backend broke off its answer."},
    {Reason::BackendMalformed, Side::Backend, 502, kKeep, "backend_malformed", "The backend's answer is malformed."},
    {Reason::BackendHeadTooLarge, Side::Backend, 502, kKeep, "backend_head_too_large",
     "The header fields of the backend's answer are too large."},
    {Reason::RequestTimeout, Side::Backend, 504, kKeep, "request_timeout", "The request took too long.", kDeadlineExceeded},
    {Reason::BackendTimeout, Side::Backend, 504, kKeep, "backend_timeout", "The backend did not answer in time.", kDeadlineExceeded},
    {Reason::AuthDenied, Side::Client, 0, kKeep, "auth_denied", ""},
    {Reason::AuthUnavailable, Side::Backend, 503, kKeep, "auth_unavailable", "The authorization service could not be asked."},
    {Reason::UpgradeRefused, Side::Backend, 502, kKeep, "upgrade_refused",
     "The backend switched to a protocol that was not asked for."},

    {Reason::Draining, Side::Ours, 503, kClose, "draining", "The gateway is shutting down."},
    {Reason::Internal, Side::Ours, 500, kClose, "internal", "The gateway failed.", kInternal},
}};

}  // namespace

const FailureInfo& describe(Reason reason) {
  const auto row = static_cast<std::size_t>(reason);
  return row < kTable.size() ? kTable[row] : kTable.back();
}

std::string_view name_of(Side side) {
  switch (side) {
    case Side::None:
      return "";
    case Side::Client:
      return "client";
    case Side::Backend:
      return "backend";
    case Side::Ours:
      return "gateway";
  }
  return "";
}

}  // namespace cardea::proxy
