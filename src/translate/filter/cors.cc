// SPDX-License-Identifier: Apache-2.0
#include "translate/filter/cors.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/strings.h"

namespace cardea::translate {
namespace {

std::unexpected<Problem> unsupported(std::string message) {
  return std::unexpected(Problem{reason::kUnsupportedValue, std::move(message)});
}

// "*" stands for everything, so nothing can stand beside it.
std::optional<Problem> check_star(std::string_view list, const std::vector<std::string>& items) {
  if (items.size() < 2 || std::ranges::find(items, "*") == items.end()) return std::nullopt;
  return Problem{reason::kUnsupportedValue, fmt::format("cors.{} has \"*\" beside other items", list)};
}

}  // namespace

std::optional<std::string> normal_origin(std::string_view origin) {
  if (origin == "*") return "*";
  std::string normal = base::to_lower(origin);
  const bool secure = normal.starts_with("https://");
  if (!secure && !normal.starts_with("http://")) return std::nullopt;
  const std::size_t host = normal.find("//") + 2;
  const std::size_t colon = normal.find(':', host);
  const std::string_view name = std::string_view(normal).substr(host, colon == std::string::npos ? colon : colon - host);
  const std::string_view labels = name.starts_with("*.") ? name.substr(2) : name;
  if (labels.empty() || labels.contains('/') || (labels.contains('*') && name != "*")) return std::nullopt;
  if (colon == std::string::npos) return normal;
  const auto port = base::parse_uint<std::uint16_t>(std::string_view(normal).substr(colon + 1));
  if (!port || *port == 0) return std::nullopt;
  normal.resize(colon);
  if (*port != (secure ? 443 : 80)) normal += fmt::format(":{}", *port);
  return normal;
}

std::expected<plan::Filter, Problem> translate_cors(const api::HTTPCORSFilter& filter) {
  plan::Cors cors;
  for (const std::string& origin : filter.allow_origins) {
    auto normal = normal_origin(origin);
    if (!normal) return unsupported(fmt::format("cors.allowOrigins: \"{}\" is no origin", origin));
    if (std::ranges::find(cors.allow_origins, *normal) == cors.allow_origins.end()) cors.allow_origins.push_back(std::move(*normal));
  }
  for (const auto& [name, items] : {std::pair("allowOrigins", &filter.allow_origins), std::pair("allowMethods", &filter.allow_methods),
                                    std::pair("allowHeaders", &filter.allow_headers)}) {
    if (auto problem = check_star(name, *items)) return std::unexpected(std::move(*problem));
  }
  if (filter.max_age < 1) return unsupported(fmt::format("cors.maxAge {} is less than 1", filter.max_age));
  cors.allow_credentials = filter.allow_credentials;
  cors.allow_methods = filter.allow_methods;
  cors.allow_headers = filter.allow_headers;
  cors.expose_headers = filter.expose_headers;
  cors.max_age = std::chrono::seconds(filter.max_age);
  return cors;
}

}  // namespace cardea::translate
