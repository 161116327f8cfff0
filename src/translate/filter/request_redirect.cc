// SPDX-License-Identifier: Apache-2.0
#include "translate/filter/request_redirect.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "translate/filter/path_modifier.h"

namespace cardea::translate {
namespace {

// A redirect to another scheme means its well-known port, and where that is mapped and clients are told so, the mapped one.
std::optional<std::uint16_t> advertised_port_of(std::string_view scheme, const Options& options) {
  if (!options.advertise_port_map) return std::nullopt;
  const auto mapped = options.port_map.find(scheme == "https" ? 443 : 80);
  return mapped == options.port_map.end() ? std::nullopt : std::optional(mapped->second);
}

}  // namespace

std::expected<plan::Filter, Problem> translate_request_redirect(const api::HTTPRequestRedirectFilter& filter,
                                                                const FilterPlace& place) {
  static constexpr std::array kStatusCodes = {301, 302, 303, 307, 308};
  plan::RequestRedirect redirect;
  if (filter.scheme && filter.scheme->is_unknown()) {
    return std::unexpected(
        Problem{reason::kUnsupportedValue, fmt::format("requestRedirect.scheme {} is not known", filter.scheme->text())});
  }
  if (std::ranges::find(kStatusCodes, filter.status_code) == kStatusCodes.end()) {
    return std::unexpected(
        Problem{reason::kUnsupportedValue, fmt::format("requestRedirect.statusCode {} is not known", filter.status_code)});
  }
  auto path = translate_path_modifier(filter.path, place);
  if (!path) return std::unexpected(std::move(path.error()));
  if (filter.scheme) redirect.scheme = std::string(filter.scheme->text());
  if (!filter.hostname.empty()) redirect.hostname = filter.hostname;
  redirect.path = std::move(*path);
  redirect.port = filter.port;
  if (filter.scheme && !filter.port) redirect.port = advertised_port_of(filter.scheme->text(), *place.options);
  redirect.status_code = static_cast<std::uint16_t>(filter.status_code);
  return redirect;
}

}  // namespace cardea::translate
