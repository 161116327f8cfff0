// SPDX-License-Identifier: Apache-2.0
#include "translate/session_persistence.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/hash.h"
#include "base/strings.h"

namespace cardea::translate {
namespace {

// RFC 9110 section 5.6.2; also what a cookie's name is made of (RFC 6265 section 4.1.1).
bool is_token(std::string_view text) {
  static constexpr std::string_view kMarks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return base::is_alpha(c) || base::is_digit(c) || kMarks.find(c) != std::string_view::npos;
  });
}

// Fields that frame, route or describe a message, or are about one hop: no token can travel in them.
bool is_taken(std::string_view field) {
  constexpr std::array<std::string_view, 22> kTaken = {
      "host",         "connection",       "content-length", "transfer-encoding", "te",     "trailer",    "upgrade",     "keep-alive",
      "expect",       "proxy-connection", "content-type",   "content-encoding",  "cookie", "set-cookie", "location",    "authorization",
      "www-authenticate", "date",         "via",            "forwarded",         "vary",   "content-range"};
  return std::ranges::any_of(kTaken, [&](std::string_view taken) { return base::iequals(field, taken); });
}

// One that no other rule has, and that stays the same while the rule keeps its name, or without one its place.
std::string generated_name(const plan::Rule& rule) {
  const std::string place = rule.name.empty() ? fmt::format("{}", rule.index) : rule.name;
  const std::string_view kind = rule.kind == plan::RouteKind::GRPCRoute ? "GRPCRoute" : "HTTPRoute";
  const std::string identity = fmt::format("{} {}/{} {}", kind, rule.route.namespace_, rule.route.name, place);
  return "cardea-session-" + base::to_hex(base::hash128(identity)).substr(0, 12);
}

// Of a regular expression what surely stands at the front of every path that it matches, in whole segments.
std::string_view literal_path(std::string_view expression) {
  const std::string_view literal = expression.substr(0, expression.find_first_of("\\^$.|?*+()[]{}"));
  if (literal.size() == expression.size()) return literal;
  const std::size_t end = literal.rfind('/');
  return end == std::string_view::npos ? std::string_view() : literal.substr(0, end);
}

// The path under which a client shows the cookie again, for requests that the match fits; "/" where it fits everywhere.
std::string cookie_path(const plan::PathMatch& match) {
  std::string_view path = match.value;
  if (match.type == plan::PathMatchType::RegularExpression) path = literal_path(path);
  while (path.ends_with('/')) path.remove_suffix(1);
  // What would end or break the attribute (RFC 6265 section 4.1.1).
  const bool plain = std::ranges::all_of(path, [](char c) { return c > ' ' && c < 0x7f && c != ';'; });
  return path.starts_with('/') && plain ? std::string(path) : "/";
}

std::vector<std::string> cookie_paths(const std::vector<RankedMatch>& matches) {
  std::vector<std::string> paths;
  for (const RankedMatch& match : matches) paths.push_back(cookie_path(match.match.path));
  std::ranges::sort(paths);
  const auto rest = std::ranges::unique(paths);
  paths.erase(rest.begin(), rest.end());
  std::erase(paths, "/");
  return paths;
}

Problem unsupported(std::string message) { return {reason::kUnsupportedValue, "sessionPersistence: " + std::move(message)}; }

}  // namespace

void draft_session(const api::SessionPersistence& from, DraftRule& draft) {
  if (from.type.is_unknown()) return draft.note(unsupported(fmt::format("type {} is not known", from.type.text())));
  if (from.cookie_lifetime.is_unknown()) {
    return draft.note(unsupported(fmt::format("lifetimeType {} is not known", from.cookie_lifetime.text())));
  }
  if (from.absolute_timeout && from.absolute_timeout->count() == 0) {
    return draft.note(unsupported("absoluteTimeout 0s would end every session at its begin"));
  }
  plan::SessionPersistence session;
  session.type = from.type == api::SessionPersistenceType::Header ? plan::SessionType::Header : plan::SessionType::Cookie;
  session.name = from.session_name.empty() ? generated_name(draft.rule) : from.session_name;
  const bool header = session.type == plan::SessionType::Header;
  if (!is_token(session.name) || (header && is_taken(session.name))) {
    return draft.note(unsupported(fmt::format("sessionName \"{}\" cannot be the name of a {}", session.name, header ? "field" : "cookie")));
  }
  // The paths of gRPC are its methods: clients that keep cookies keep them for the server.
  if (!header && draft.rule.kind == plan::RouteKind::HTTPRoute) session.paths = cookie_paths(draft.matches);
  session.absolute_timeout = from.absolute_timeout;
  session.permanent = from.cookie_lifetime == api::CookieLifetimeType::Permanent;
  draft.rule.session = std::move(session);
}

void check_session_names(std::vector<std::string>& taken, DraftRule& draft) {
  if (!draft.rule.session) return;
  const std::string& name = draft.rule.session->name;
  if (std::ranges::any_of(taken, [&](const std::string& other) { return base::iequals(other, name); })) {
    draft.note(unsupported(fmt::format("sessionName \"{}\" is that of another rule of this route", name)));
  } else {
    taken.push_back(name);
  }
}

void check_affinity(std::span<const ResolvedBackend> backends, DraftRule& draft) {
  const auto found = std::ranges::find(backends, true, &ResolvedBackend::client_ip_affinity);
  if (found == backends.end()) return;
  draft.note(unsupported(fmt::format("Service {}/{} has sessionAffinity ClientIP; only one of the two can hold",
                                     found->service.namespace_, found->service.name)));
}

}  // namespace cardea::translate
