// SPDX-License-Identifier: Apache-2.0
#include "kube/status.h"

#include <fmt/core.h>

#include <string>

#include "base/json.h"
#include "base/strings.h"
#include "http/status.h"
#include "kube/client.h"

namespace cardea::kube {

ApiError error_of_status(const base::Value& status, std::uint16_t http_status) {
  ApiError error;
  const base::Value* const code = value_at(status, {"code"});
  const bool sane = code && code->is_int() && code->as_int() >= 100 && code->as_int() < 600;
  error.status = http_status != 0 ? http_status : sane ? static_cast<std::uint16_t>(code->as_int()) : std::uint16_t{500};
  error.reason = text_at(status, {"reason"});
  error.message = text_at(status, {"message"});
  if (error.message.empty()) error.message = fmt::format("{} {}", error.status, http::reason_phrase(error.status));
  const base::Value* const wait = value_at(status, {"details", "retryAfterSeconds"});
  if (wait && wait->is_int() && wait->as_int() >= 0 && wait->as_int() <= 3600) {
    error.retry_after = std::chrono::seconds(wait->as_int());
  }
  return error;
}

ApiError error_of_body(std::string_view body, std::uint16_t http_status) {
  constexpr std::size_t kShown = 200;
  if (const auto parsed = base::parse_json(body); parsed && text_at(*parsed, {"kind"}) == "Status") {
    return error_of_status(*parsed, http_status);
  }
  ApiError error{.status = http_status};
  error.message = fmt::format("{} {}", http_status, http::reason_phrase(http_status));
  if (!body.empty()) error.message += ": " + base::replace_malformed(base::trim(body.substr(0, kShown), " \t\r\n"));
  return error;
}

}  // namespace cardea::kube
