// SPDX-License-Identifier: Apache-2.0
// The messages of envoy.service.auth.v3.Authorization.Check, as far as a gateway fills and obeys them: a request's attributes
// to bytes, and bytes to a verdict (protocol buffers, by protozero).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cardea::proxy {

inline constexpr std::string_view kCheckPath = "/envoy.service.auth.v3.Authorization/Check";

struct CheckPeer {
  std::string_view address;
  std::uint16_t port = 0;  // 0: not known
};

// Views: no longer than the call.
struct CheckRequest {
  CheckPeer source;
  CheckPeer destination;
  std::int64_t seconds = 0;  // since 1970
  std::string_view id;
  std::string_view method;
  std::vector<std::pair<std::string_view, std::string_view>> headers;  // lower-case names, each once
  std::string_view path;  // with the query
  std::string_view host;
  std::string_view scheme;
  std::int64_t size = -1;  // of the body; -1: not known
  std::string_view protocol;
  std::string_view body;
};
std::string write_check(const CheckRequest& request);

struct AuthHeader {
  enum class Action : std::uint8_t { Set, Append, SetIfPresent, AddIfAbsent };
  std::string name;
  std::string value;
  Action action = Action::Set;
};

struct CheckVerdict {
  bool allowed = false;
  // Allowed: changes of the request, and fields for the client's response.
  std::vector<AuthHeader> headers;
  std::vector<std::string> remove;
  std::vector<AuthHeader> response_headers;
  // Denied: the answer, with `headers`.
  std::uint16_t status = 403;
  std::string body;
};
// Nothing: this is no CheckResponse.
std::optional<CheckVerdict> read_check(std::string_view bytes);

}  // namespace cardea::proxy
