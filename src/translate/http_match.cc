// SPDX-License-Identifier: Apache-2.0
#include "translate/http_match.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/regex.h"
#include "base/strings.h"

namespace cardea::translate {
namespace {

template <class T>
using Translated = std::expected<T, Problem>;

std::unexpected<Problem> unsupported(std::string message) {
  return std::unexpected(Problem{reason::kUnsupportedValue, std::move(message)});
}

std::optional<Problem> bad_regex(std::string_view what, std::string_view pattern) {
  const auto checked = base::check_regex(pattern);
  if (checked) return std::nullopt;
  return Problem{reason::kUnsupportedValue, fmt::format("{}: {}", what, checked.error().message)};
}

bool is_unreserved(char c) {
  return base::is_alpha(c) || base::is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

Translated<plan::PathMatch> translate_path(const api::HTTPPathMatch& path) {
  switch (path.type.value) {
    case api::PathMatchType::RegularExpression:
      if (auto problem = bad_regex("path", path.value)) return std::unexpected(std::move(*problem));
      return plan::PathMatch{plan::PathMatchType::RegularExpression, path.value};
    case api::PathMatchType::Exact:
    case api::PathMatchType::PathPrefix: {
      if (!path.value.starts_with('/')) return unsupported(fmt::format("path: \"{}\" does not begin with /", path.value));
      if (path.type == api::PathMatchType::Exact) return plan::PathMatch{plan::PathMatchType::Exact, normal_path(path.value)};
      return plan::PathMatch{plan::PathMatchType::PathPrefix, normal_prefix(path.value)};
    }
    case api::PathMatchType::Unknown: break;
  }
  return unsupported(fmt::format("path match type {} is not known", path.type.text()));
}

Translated<plan::StringMatchType> translate_type(std::string_view what, const api::NamedMatch& match) {
  switch (match.type.value) {
    case api::MatchType::Exact: return plan::StringMatchType::Exact;
    case api::MatchType::RegularExpression:
      if (auto problem = bad_regex(fmt::format("{} {}", what, match.name), match.value)) return std::unexpected(std::move(*problem));
      return plan::StringMatchType::RegularExpression;
    case api::MatchType::Unknown: break;
  }
  return unsupported(fmt::format("{} match type {} is not known", what, match.type.text()));
}

// Of several matches with one name the first counts.
template <class Match>
Translated<std::vector<Match>> translate_named(std::string_view what, const std::vector<api::NamedMatch>& matches,
                                               std::string (*name_of)(std::string_view)) {
  std::vector<Match> translated;
  for (const api::NamedMatch& match : matches) {
    std::string name = name_of(match.name);
    if (std::ranges::find(translated, name, &Match::name) != translated.end()) continue;
    auto type = translate_type(what, match);
    if (!type) return std::unexpected(std::move(type.error()));
    translated.push_back({*type, std::move(name), match.value});
  }
  return translated;
}

}  // namespace

std::string normal_path(std::string_view path) {
  std::string normal;
  normal.reserve(path.size());
  for (std::size_t i = 0; i < path.size(); ++i) {
    const int high = path[i] == '%' && i + 2 < path.size() ? base::hex_value(path[i + 1]) : -1;
    const int low = high >= 0 ? base::hex_value(path[i + 2]) : -1;
    if (low < 0) {
      normal.push_back(path[i]);
      continue;
    }
    const char decoded = static_cast<char>(high * 16 + low);
    if (is_unreserved(decoded)) {
      normal.push_back(decoded);
    } else {
      normal += {'%', base::ascii_upper(path[i + 1]), base::ascii_upper(path[i + 2])};
    }
    i += 2;
  }
  return normal;
}

std::string normal_prefix(std::string_view prefix) {
  std::string normal = normal_path(prefix);
  while (normal.size() > 1 && normal.ends_with('/')) normal.pop_back();
  return normal;
}

std::expected<std::vector<plan::HeaderMatch>, Problem> translate_headers(const std::vector<api::NamedMatch>& matches) {
  return translate_named<plan::HeaderMatch>("header", matches, base::to_lower);
}

std::expected<plan::RouteMatch, Problem> translate_match(const api::HTTPRouteMatch& match) {
  plan::RouteMatch translated;
  auto path = translate_path(match.path);
  if (!path) return std::unexpected(std::move(path.error()));
  translated.path = std::move(*path);
  if (match.method) {
    if (match.method->is_unknown()) return unsupported(fmt::format("method {} is not known", match.method->text()));
    translated.method = match.method->text();
  }
  auto headers = translate_headers(match.headers);
  if (!headers) return std::unexpected(std::move(headers.error()));
  translated.headers = std::move(*headers);
  auto query = translate_named<plan::QueryParamMatch>("query parameter", match.query_params,
                                                      [](std::string_view name) { return std::string(name); });
  if (!query) return std::unexpected(std::move(query.error()));
  translated.query_params = std::move(*query);
  return translated;
}

}  // namespace cardea::translate
