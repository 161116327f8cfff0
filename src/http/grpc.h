// SPDX-License-Identifier: Apache-2.0
// What HTTP shows of gRPC (gRPC over HTTP/2, "Requests").
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/strings.h"
#include "http/head.h"

namespace cardea::http {

// Whether the content type is application/grpc, alone, with a message format ("+proto") or of its web variants ("-web").
inline bool is_grpc_content_type(std::string_view type) {
  constexpr std::string_view kGrpc = "application/grpc";
  if (type.size() < kGrpc.size() || !base::iequals(type.substr(0, kGrpc.size()), kGrpc)) return false;
  return type.size() == kGrpc.size() || std::string_view("+;- \t").contains(type[kGrpc.size()]);
}

inline bool is_grpc(const RequestHead& request) {
  return request.method == Method::Post && is_grpc_content_type(request.fields.get(HeaderId::ContentType));
}

// A message with what goes before it on the wire: it is not compressed, and its length.
inline std::string grpc_frame(std::string_view message) {
  const auto size = static_cast<std::uint32_t>(message.size());
  std::string frame{'\0', static_cast<char>(size >> 24), static_cast<char>(size >> 16), static_cast<char>(size >> 8), static_cast<char>(size)};
  return frame.append(message);
}
// The message, when `body` is exactly one that is not compressed.
inline std::optional<std::string_view> one_grpc_message(std::string_view body) {
  if (body.size() < 5 || body[0] != '\0') return std::nullopt;
  std::uint32_t size = 0;
  for (const char c : body.substr(1, 4)) size = size << 8 | static_cast<unsigned char>(c);
  return body.size() - 5 == size ? std::optional(body.substr(5)) : std::nullopt;
}

// grpc-timeout: at most 8 digits and a unit. Rounded up to milliseconds; nothing when it is malformed.
inline std::optional<std::chrono::milliseconds> grpc_timeout(std::string_view value) {
  using std::chrono::milliseconds;
  if (value.size() < 2 || value.size() > 9) return std::nullopt;
  const auto amount = base::parse_uint64(value.substr(0, value.size() - 1), 99'999'999);
  if (!amount) return std::nullopt;
  const auto count = static_cast<std::int64_t>(*amount);
  switch (value.back()) {
    case 'H': return std::chrono::hours(count);
    case 'M': return std::chrono::minutes(count);
    case 'S': return std::chrono::seconds(count);
    case 'm': return milliseconds(count);
    case 'u': return std::chrono::ceil<milliseconds>(std::chrono::microseconds(count));
    case 'n': return std::chrono::ceil<milliseconds>(std::chrono::nanoseconds(count));
    default: return std::nullopt;
  }
}

}  // namespace cardea::http
