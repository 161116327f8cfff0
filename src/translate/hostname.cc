// SPDX-License-Identifier: Apache-2.0
#include "translate/hostname.h"

#include <algorithm>
#include <tuple>

#include "base/strings.h"

namespace cardea::translate {

bool is_wildcard(std::string_view hostname) { return hostname.starts_with("*."); }

bool covers(std::string_view outer, std::string_view inner) {
  if (outer.empty() || outer == inner) return true;
  if (!is_wildcard(outer)) return false;
  // "*.example.com" covers "a.example.com", "a.b.example.com" and "*.a.example.com", never "example.com".
  const std::string_view suffix = outer.substr(1);
  const std::string_view name = is_wildcard(inner) ? inner.substr(1) : inner;
  return name.size() > suffix.size() && name.ends_with(suffix);
}

std::optional<std::string> intersect(std::string_view a, std::string_view b) {
  if (covers(a, b)) return std::string(b);
  if (covers(b, a)) return std::string(a);
  return std::nullopt;
}

std::vector<std::string> effective_hostnames(std::string_view listener_hostname,
                                             const std::vector<std::string>& route_hostnames) {
  if (route_hostnames.empty()) return {std::string(listener_hostname)};
  std::vector<std::string> effective;
  for (const std::string& hostname : route_hostnames) {
    if (auto both = intersect(listener_hostname, base::to_lower(hostname))) effective.push_back(std::move(*both));
  }
  std::ranges::sort(effective, more_specific);
  const auto repeated = std::ranges::unique(effective);
  effective.erase(repeated.begin(), repeated.end());
  return effective;
}

bool more_specific(std::string_view a, std::string_view b) {
  const auto rank = [](std::string_view hostname) { return hostname.empty() ? 2 : is_wildcard(hostname) ? 1 : 0; };
  return std::tuple(rank(a), b.size(), a) < std::tuple(rank(b), a.size(), b);
}

}  // namespace cardea::translate
