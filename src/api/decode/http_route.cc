// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "api/decode/kinds.h"

namespace cardea::api {
namespace {

constexpr std::size_t kMaxMatches = 128;  // of all rules together

void check_path(Fields& in, std::string_view path) {
  constexpr std::array<std::string_view, 6> kNowhere{"//", "/./", "/../", "%2f", "%2F", "#"};
  constexpr std::array<std::string_view, 2> kNotLast{"/..", "/."};
  in.rule(path.starts_with('/'), {"value"}, "must start with \"/\" for types Exact and PathPrefix");
  for (const std::string_view part : kNowhere) {
    in.rule(!path.contains(part), {"value"},
            fmt::format("must not contain {} for types Exact and PathPrefix", quoted(part)));
  }
  for (const std::string_view part : kNotLast) {
    in.rule(!path.ends_with(part), {"value"},
            fmt::format("must not end with {} for types Exact and PathPrefix", quoted(part)));
  }
  if (!in.sound()) return;
  in.rule(is_path(path), {"value"},
          "must hold only characters of a path for types Exact and PathPrefix, others percent-encoded, not " +
              quoted(path));
}

bool replaces_prefix(const RouteFilter& filter) {
  const std::optional<HTTPPathModifier>* path = nullptr;
  if (const auto* redirect = std::get_if<HTTPRequestRedirectFilter>(&filter.config)) path = &redirect->path;
  if (const auto* rewrite = std::get_if<HTTPURLRewriteFilter>(&filter.config)) path = &rewrite->path;
  return path && *path && (*path)->type == HTTPPathModifierType::ReplacePrefixMatch;
}

bool has_one_prefix_match(const HTTPRouteRule& rule) {
  return rule.matches.size() == 1 && rule.matches[0].path.type == PathMatchType::PathPrefix;
}

// What is replaced must be known: the prefix of the rule's one match.
void check_prefix_replacement(Fields& in, const HTTPRouteRule& out) {
  if (has_one_prefix_match(out)) return;
  constexpr std::string_view kText =
      "must not be ReplacePrefixMatch unless the rule has exactly one match, of path type PathPrefix";
  const auto member = [](const RouteFilter& filter) {
    return filter.type == RouteFilterType::URLRewrite ? std::string_view("urlRewrite")
                                                      : std::string_view("requestRedirect");
  };
  for (std::size_t i = 0; i < out.filters.size(); ++i) {
    in.rule(!replaces_prefix(out.filters[i]), {"filters", i, member(out.filters[i]), "path", "type"}, kText);
  }
  for (std::size_t i = 0; i < out.backend_refs.size(); ++i) {
    const auto& filters = out.backend_refs[i].filters;
    for (std::size_t j = 0; j < filters.size(); ++j) {
      in.rule(!replaces_prefix(filters[j]), {"backendRefs", i, "filters", j, member(filters[j]), "path", "type"},
              kText);
    }
  }
}

void check_redirect(Fields& in, const HTTPRouteRule& out) {
  for (std::size_t i = 0; i < out.filters.size(); ++i) {
    in.rule(out.filters[i].type != RouteFilterType::RequestRedirect || out.backend_refs.empty(), {"filters", i},
            "must not be RequestRedirect in a rule with backendRefs");
  }
}

void check_match_count(Fields& in, const std::vector<HTTPRouteRule>& rules) {
  std::size_t count = 0;
  for (const HTTPRouteRule& rule : rules) count += rule.matches.size();
  in.rule(count <= kMaxMatches, {"rules"},
          fmt::format("must have at most {} matches in all rules together, not {}", kMaxMatches, count));
}

}  // namespace

void read(Fields& in, HTTPPathMatch& out) {
  in.optional("type", out.type);
  in.optional("value", out.value, TextRule{.max = 1024});
  if (!in.sound()) return;
  if (out.type == PathMatchType::Exact || out.type == PathMatchType::PathPrefix) check_path(in, out.value);
}

void read_value(const Node& node, NamedMatch& out, const TextRule& value) {
  Fields in(node);
  if (!in) return;
  in.optional("type", out.type);
  in.required("name", out.name, kHeaderName);
  in.required("value", out.value, value);
  in.finish();
}

void read(Fields& in, HTTPRouteMatch& out) {
  in.optional("path", out.path);
  in.optional("headers", out.headers, ListRule{.max = 16}, kHeaderValue);
  in.optional("queryParams", out.query_params, ListRule{.max = 16}, TextRule{1, 1024});
  in.optional("method", out.method);
  if (!in.sound()) return;
  const auto name = [](const NamedMatch& match) { return match.name; };
  in.unique("headers", out.headers, "name", name);
  in.unique("queryParams", out.query_params, "name", name);
}

void read(Fields& in, HTTPRouteTimeouts& out) {
  in.optional("request", out.request);
  in.optional("backendRequest", out.backend_request);
  if (!in.sound() || !out.request || !out.backend_request) return;
  in.rule(out.request->count() == 0 || *out.backend_request <= *out.request, {"backendRequest"},
          "must not be longer than request");
}

void read(Fields& in, HTTPRouteRetry& out) {
  in.optional("codes", out.codes, ListRule{}, IntRule{400, 599});
  in.optional("attempts", out.attempts, IntRule{.min = 1});
  in.optional("backoff", out.backoff);
  if (!in.sound()) return;
  std::vector<std::string> codes;
  for (const std::uint16_t code : out.codes) codes.push_back(std::to_string(code));
  in.unique("codes", codes);
}

void read(Fields& in, HTTPRouteRule& out) {
  in.optional("name", out.name, kSectionName);
  if (!in.optional("matches", out.matches, ListRule{.max = 64})) out.matches.emplace_back();
  read_filters(in, out.filters, kHTTPFilters);
  in.optional("backendRefs", out.backend_refs, ListRule{.max = 16}, kHTTPFilters);
  in.optional("timeouts", out.timeouts);
  in.optional("retry", out.retry);
  in.optional("sessionPersistence", out.session_persistence);
  if (!in.sound()) return;
  check_redirect(in, out);
  check_prefix_replacement(in, out);
}

void read(Fields& in, HTTPRouteSpec& out) {
  read_common(in, out);
  in.optional("hostnames", out.hostnames, ListRule{.max = 16}, kHostname);
  if (!in.optional("rules", out.rules, ListRule{1, 16})) out.rules.emplace_back().matches.emplace_back();
  if (in.sound()) check_match_count(in, out.rules);
  check_rule_names(in, out.rules);
  for (HTTPRouteRule& rule : out.rules) {
    if (rule.matches.empty()) rule.matches.emplace_back();
  }
}

void read(Fields& in, HTTPRoute& out) { in.required("spec", out.spec); }

}  // namespace cardea::api
