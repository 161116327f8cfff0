// SPDX-License-Identifier: Apache-2.0
// For tests alone: what the Gateway API says of matches, written down without any thought of speed, and a source of
// random matches and requests that collide often. The differential test and the fuzz target hold Matcher against it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/regex.h"
#include "base/strings.h"
#include "http/head.h"
#include "plan/hash.h"
#include "plan/plan.h"

namespace cardea::proxy::reference {

// A request's texts, and the head that points into them.
struct Request {
  std::string method = "GET";
  std::string host = "host.test";
  std::string path = "/";
  std::string query;
  std::vector<std::pair<std::string, std::string>> headers;

  void fill(http::RequestHead& head) const {
    head.method_text = method;
    head.method = http::method_from(method);
    head.host = head.authority = host;
    head.path = path;
    head.query = query;
    head.has_query = !query.empty();
    for (const auto& [name, value] : headers) head.fields.append(name, value);
  }
};

inline bool fits_text(plan::StringMatchType type, const std::string& wanted, const std::string& value) {
  if (type == plan::StringMatchType::Exact) return wanted == value;
  const auto regex = base::Regex::compile(wanted);
  return regex && regex->full_match(value);
}

inline bool fits_path(const plan::PathMatch& match, const std::string& path) {
  if (match.type == plan::PathMatchType::Exact) return match.value == path;
  if (match.type == plan::PathMatchType::RegularExpression) {
    return fits_text(plan::StringMatchType::RegularExpression, match.value, path);
  }
  auto wanted = base::split(match.value, '/');
  while (!wanted.empty() && wanted.back().empty()) wanted.pop_back();
  const auto segments = base::split(path, '/');
  if (wanted.empty()) return true;
  if (segments.size() < wanted.size()) return false;
  return std::equal(wanted.begin(), wanted.end(), segments.begin());
}

inline std::optional<std::string> header(const Request& request, std::string_view name) {
  std::optional<std::string> joined;
  for (const auto& [other, value] : request.headers) {
    if (base::iequals(other, name)) joined = joined ? *joined + ", " + value : value;
  }
  return joined;
}

inline std::string decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape =
        text[i] == '%' && i + 2 < text.size() && base::hex_value(text[i + 1]) >= 0 && base::hex_value(text[i + 2]) >= 0;
    if (escape) {
      out += static_cast<char>(base::hex_value(text[i + 1]) * 16 + base::hex_value(text[i + 2]));
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

inline std::optional<std::string> param(const Request& request, std::string_view name) {
  if (request.query.empty()) return std::nullopt;
  for (const auto piece : base::split(request.query, '&')) {
    if (piece.empty()) continue;
    const std::size_t equals = std::min(piece.find('='), piece.size());
    if (decode(piece.substr(0, equals)) == name) return decode(piece.substr(std::min(equals + 1, piece.size())));
  }
  return std::nullopt;
}

inline bool is_grpc(const Request& request) {
  return request.method == "POST" && header(request, "content-type").value_or("").starts_with("application/grpc");
}

inline bool fits(const plan::RouteMatch& match, const Request& request) {
  if (!fits_path(match.path, request.path)) return false;
  if (!match.method.empty() && match.method != request.method) return false;
  if (match.rule->kind == plan::RouteKind::GRPCRoute && !is_grpc(request)) return false;
  for (const auto& wanted : match.headers) {
    const auto value = header(request, wanted.name);
    if (!value || !fits_text(wanted.type, wanted.value, *value)) return false;
  }
  for (const auto& wanted : match.query_params) {
    const auto value = param(request, wanted.name);
    if (!value || !fits_text(wanted.type, wanted.value, *value)) return false;
  }
  return true;
}

inline std::uint32_t find(const plan::VirtualHost& host, const Request& request) {
  if (!request.path.starts_with('/')) return 0xffffffff;
  for (std::uint32_t i = 0; i < host.matches.size(); ++i) {
    if (fits(host.matches[i], request)) return i;
  }
  return 0xffffffff;
}

// Draws from few texts, so that most requests come near some match. `below(n)` gives a number under n.
class Source {
 public:
  explicit Source(std::function<std::uint32_t(std::uint32_t)> below) : below_(std::move(below)) {}

  plan::VirtualHost host() {
    plan::VirtualHost host;
    plan::Rule of_grpc;
    of_grpc.kind = plan::RouteKind::GRPCRoute;
    const plan::Ref<plan::Rule> rules[] = {plan::seal(plan::Rule{}), plan::seal(of_grpc)};
    for (std::uint32_t i = below_(24); i > 0; --i) {
      host.matches.push_back(match());
      host.matches.back().rule = rules[below_(8) == 0];
    }
    return host;
  }

  Request request() {
    Request request;
    request.method = method();
    request.path = path();
    for (std::uint32_t i = below_(4); i > 0; --i)
      request.headers.emplace_back(pick({"X-A", "x-b", "Accept", "X-C"}), value());
    if (below_(3) == 0) request.headers.emplace_back("content-type", pick({"application/grpc", "application/json"}));
    for (std::uint32_t i = below_(4); i > 0; --i) {
      if (!request.query.empty()) request.query += '&';
      request.query += pick({"q", "r", "Q", "%71", "", "a+b"}) + pick({"=", "=", "=", ""}) +
                       pick({"1", "2", "%31", "", "%zz", "1+2", "1%202"});
    }
    return request;
  }

 private:
  std::string pick(std::initializer_list<const char*> from) {
    return from.begin()[below_(static_cast<std::uint32_t>(from.size()))];
  }
  std::string method() { return pick({"GET", "POST", "PURGE"}); }
  std::string value() { return pick({"1", "2", "12", "", "1, 2"}); }

  std::string path() {
    std::string path;
    const std::uint32_t depth = below_(40) == 0 ? 20 : below_(5);
    for (std::uint32_t i = 0; i < depth; ++i) path += "/" + pick({"a", "b", "ab", "longer-than-eight", "a"});
    return path.empty() || below_(4) == 0 ? path + "/" : path;
  }

  plan::RouteMatch match() {
    plan::RouteMatch match;
    match.path.type = static_cast<plan::PathMatchType>(below_(7) % 3);
    match.path.value = match.path.type == plan::PathMatchType::RegularExpression
                           ? pick({"/a.*", "/(a|b)/ab", ".*b", "/", "/a/[^/]+", "("})
                           : path();
    if (below_(3) == 0) match.method = method();
    if (below_(3) == 0) match.headers.push_back({type(), "x-a", pick({"1", "2", "1, 2", "12"})});
    if (below_(4) == 0) match.headers.push_back({type(), "x-b", pick({"1", "[12]", "1.*"})});
    if (below_(6) == 0) match.headers.push_back({type(), "accept", pick({"1", ".*"})});
    if (below_(4) == 0) match.query_params.push_back({type(), "q", pick({"1", "2", "1 2", ".*"})});
    if (below_(5) == 0) match.query_params.push_back({type(), "a b", pick({"1", "\\d"})});
    return match;
  }
  plan::StringMatchType type() { return static_cast<plan::StringMatchType>(below_(3) == 0); }

  std::function<std::uint32_t(std::uint32_t)> below_;
};

}  // namespace cardea::proxy::reference
