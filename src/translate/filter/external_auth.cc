// SPDX-License-Identifier: Apache-2.0
#include "translate/filter/external_auth.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/strings.h"

namespace cardea::translate {
namespace {

Problem unsupported(std::string message) { return {reason::kUnsupportedValue, "externalAuth." + std::move(message)}; }

std::vector<std::string> lower_case(const std::vector<std::string>& names) {
  std::vector<std::string> lower;
  for (const std::string& name : names) lower.push_back(base::to_lower(name));
  return lower;
}

// What stands before a request's own path, which begins with a slash.
std::string prefix_of(std::string_view path) {
  while (path.ends_with('/')) path.remove_suffix(1);
  return path.empty() || path.starts_with('/') ? std::string(path) : "/" + std::string(path);
}

bool climbs(std::string_view path) {
  return std::ranges::any_of(base::split(path, '/'), [](std::string_view segment) { return segment == "." || segment == ".."; });
}

}  // namespace

std::expected<plan::Filter, Problem> translate_external_auth(const api::HTTPExternalAuthFilter& filter,
                                                             const ResolvedBackend& resolved) {
  if (filter.protocol.is_unknown()) {
    return std::unexpected(unsupported(fmt::format("protocol {} is not known", filter.protocol.text())));
  }
  if (climbs(filter.path)) return std::unexpected(unsupported(fmt::format("http.path \"{}\" has segments of dots", filter.path)));
  return plan::ExternalAuth{
      .protocol = filter.protocol == api::ExternalAuthProtocol::GRPC ? plan::AuthProtocol::GRPC : plan::AuthProtocol::HTTP,
      .id = resolved.id,
      .fault = resolved.fault,
      .backend = resolved.backend,
      .path = prefix_of(filter.path),
      .request_headers = lower_case(filter.allowed_headers),
      .response_headers = lower_case(filter.allowed_response_headers),
      .max_body_bytes = static_cast<std::uint32_t>(std::max(filter.forward_body_max_size.value_or(0), 0)),
  };
}

}  // namespace cardea::translate
