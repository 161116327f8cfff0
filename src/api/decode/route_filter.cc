// SPDX-License-Identifier: Apache-2.0
// Filters of HTTPRoute and GRPCRoute, and the backendRefs that carry filters of their own.
#include <fmt/format.h>

#include <algorithm>

#include "api/decode/kinds.h"

namespace cardea::api {
namespace {

using enum RouteFilterType;

constexpr std::uint64_t bit(RouteFilterType type) { return std::uint64_t{1} << static_cast<unsigned>(type); }

// The member that each type needs, in the order of RouteFilterType.
constexpr std::array<std::string_view, 8> kMembers{"requestHeaderModifier",
                                                   "responseHeaderModifier",
                                                   "requestMirror",
                                                   "requestRedirect",
                                                   "urlRewrite",
                                                   "cors",
                                                   "externalAuth",
                                                   "extensionRef"};

constexpr std::array<RouteFilterType, 5> kOnlyOnce{RequestHeaderModifier, ResponseHeaderModifier, RequestRedirect,
                                                   URLRewrite, CORS};

constexpr TextRule kCORSOrigin{
    1, 253, is_cors_origin, "\"*\" or an http or https origin, as in \"https://*.example.com:8443\"", has_no_line_end};
constexpr TextRule kCORSMethod{0, 64,
                               [](std::string_view text) {
                                 const auto& names = EnumText<HTTPMethod>::kNames;
                                 return text == "*" || std::find(names.begin(), names.end(), text) != names.end();
                               },
                               "an HTTP method in capitals or \"*\"", has_no_line_end};
constexpr TextRule kAuthPath{0, 1024, is_path, "a path, its other characters percent-encoded", has_no_line_end};

void check_star(Fields& in, std::string_view list, const std::vector<std::string>& items) {
  const bool has_star = std::find(items.begin(), items.end(), "*") != items.end();
  in.rule(!has_star || items.size() == 1, {list}, "must hold nothing else when it holds \"*\"");
}

}  // namespace

void read(Fields& in, HTTPHeader& out) {
  in.required("name", out.name, kHeaderName);
  in.required("value", out.value, kHeaderValue);
}

void read(Fields& in, HTTPHeaderFilter& out) {
  in.optional("set", out.set, ListRule{.max = 16});
  in.optional("add", out.add, ListRule{.max = 16});
  in.optional("remove", out.remove, ListRule{.max = 16}, TextRule{});
  if (!in.sound()) return;
  const auto name = [](const HTTPHeader& header) { return header.name; };
  in.unique("set", out.set, "name", name);
  in.unique("add", out.add, "name", name);
  in.unique("remove", out.remove);
}

void read(Fields& in, Fraction& out) {
  in.required("numerator", out.numerator, IntRule{.min = 0});
  in.optional("denominator", out.denominator, IntRule{.min = 1});
  if (in.sound()) in.rule(out.numerator <= out.denominator, {"numerator"}, "must not be greater than denominator");
}

void read(Fields& in, HTTPRequestMirrorFilter& out) {
  in.required("backendRef", out.backend_ref);
  std::optional<std::int32_t> percent;
  in.optional("percent", percent, IntRule{0, 100});
  in.optional("fraction", out.fraction);
  if (in.sound()) in.rule(!percent || !out.fraction, {"percent"}, "must be left out when fraction is given");
  if (percent && !out.fraction) out.fraction = Fraction{*percent, 100};
}

void read(Fields& in, HTTPPathModifier& out) {
  std::optional<std::string> full, prefix;
  in.required("type", out.type);
  in.optional("replaceFullPath", full, TextRule{.max = 1024});
  in.optional("replacePrefixMatch", prefix, TextRule{.max = 1024});
  if (in.sound()) {
    const bool wants_full = out.type == HTTPPathModifierType::ReplaceFullPath;
    in.rule(full.has_value() == wants_full, {"replaceFullPath"},
            wants_full ? "is required for type ReplaceFullPath" : "must be left out unless type is ReplaceFullPath");
    in.rule(
        prefix.has_value() != wants_full, {"replacePrefixMatch"},
        wants_full ? "must be left out unless type is ReplacePrefixMatch" : "is required for type ReplacePrefixMatch");
  }
  std::optional<std::string>& wanted = out.type == HTTPPathModifierType::ReplaceFullPath ? full : prefix;
  if (wanted) out.value = *std::move(wanted);
}

void read(Fields& in, HTTPRequestRedirectFilter& out) {
  in.optional("scheme", out.scheme);
  in.optional("hostname", out.hostname, kPreciseHostname);
  in.optional("path", out.path);
  in.optional("port", out.port, kPort);
  in.optional("statusCode", out.status_code);
  if (!in.sound()) return;
  constexpr std::array<std::int32_t, 5> kCodes{301, 302, 303, 307, 308};
  in.rule(std::find(kCodes.begin(), kCodes.end(), out.status_code) != kCodes.end(), {"statusCode"},
          fmt::format("must be one of 301, 302, 303, 307, 308, not {}", out.status_code));
}

void read(Fields& in, HTTPURLRewriteFilter& out) {
  in.optional("hostname", out.hostname, kPreciseHostname);
  in.optional("path", out.path);
}

void read(Fields& in, HTTPCORSFilter& out) {
  in.optional("allowOrigins", out.allow_origins, ListRule{.max = 64}, kCORSOrigin);
  in.optional("allowCredentials", out.allow_credentials);
  in.optional("allowMethods", out.allow_methods, ListRule{.max = 9}, kCORSMethod);
  in.optional("allowHeaders", out.allow_headers, ListRule{.max = 64}, kHeaderName);
  in.optional("exposeHeaders", out.expose_headers, ListRule{.max = 64}, kHeaderName);
  in.optional("maxAge", out.max_age, IntRule{.min = 1});
  if (!in.sound()) return;
  in.unique("allowOrigins", out.allow_origins);
  in.unique("allowMethods", out.allow_methods);
  in.unique("allowHeaders", out.allow_headers);
  in.unique("exposeHeaders", out.expose_headers);
  check_star(in, "allowOrigins", out.allow_origins);
  check_star(in, "allowMethods", out.allow_methods);
  check_star(in, "allowHeaders", out.allow_headers);
}

namespace {

// externalAuth.http and externalAuth.grpc: one struct, for the filter keeps what its protocol says.
struct AuthConfig {
  bool is_http;
  std::string path;
  std::vector<std::string> allowed_headers;
  std::vector<std::string> allowed_response_headers;
};

void read(Fields& in, AuthConfig& out) {
  if (out.is_http) in.optional("path", out.path, kAuthPath);
  in.optional("allowedHeaders", out.allowed_headers, ListRule{.max = 64}, TextRule{});
  if (out.is_http) in.optional("allowedResponseHeaders", out.allowed_response_headers, ListRule{.max = 64}, TextRule{});
  if (!in.sound()) return;
  in.unique("allowedHeaders", out.allowed_headers);
  in.unique("allowedResponseHeaders", out.allowed_response_headers);
}

struct ForwardBody {
  std::int32_t max_size = 0;
};

void read(Fields& in, ForwardBody& out) { in.optional("maxSize", out.max_size, IntRule{.min = 0}); }

}  // namespace

void read(Fields& in, HTTPExternalAuthFilter& out) {
  AuthConfig http{.is_http = true, .path = {}, .allowed_headers = {}, .allowed_response_headers = {}};
  AuthConfig grpc{.is_http = false, .path = {}, .allowed_headers = {}, .allowed_response_headers = {}};
  std::optional<ForwardBody> body;
  in.required("protocol", out.protocol);
  in.required("backendRef", out.backend_ref);
  const bool has_http = in.optional("http", http);
  const bool has_grpc = in.optional("grpc", grpc);
  in.optional("forwardBody", body);
  const bool is_http = out.protocol == ExternalAuthProtocol::HTTP;
  if (in.sound()) {
    in.rule(has_http == is_http, {"http"},
            is_http ? "is required for protocol HTTP" : "must be left out unless protocol is HTTP");
    in.rule(has_grpc != is_http, {"grpc"},
            is_http ? "must be left out unless protocol is GRPC" : "is required for protocol GRPC");
  }
  AuthConfig& config = is_http ? http : grpc;
  out.allowed_headers = std::move(config.allowed_headers);
  out.allowed_response_headers = std::move(config.allowed_response_headers);
  out.path = std::move(config.path);
  if (body) out.forward_body_max_size = body->max_size;
}

namespace {

// Reads the member of that type into its alternative.
bool read_config(Fields& in, RouteFilterType type, RouteFilter& out) {
  const std::string_view member = kMembers[static_cast<std::size_t>(type)];
  switch (type) {
    case RequestHeaderModifier:
    case ResponseHeaderModifier:
      return in.optional(member, out.config.emplace<HTTPHeaderFilter>());
    case RequestMirror:
      return in.optional(member, out.config.emplace<HTTPRequestMirrorFilter>());
    case RequestRedirect:
      return in.optional(member, out.config.emplace<HTTPRequestRedirectFilter>());
    case URLRewrite:
      return in.optional(member, out.config.emplace<HTTPURLRewriteFilter>());
    case CORS:
      return in.optional(member, out.config.emplace<Rare<HTTPCORSFilter>>());
    case ExternalAuth:
      return in.optional(member, out.config.emplace<Rare<HTTPExternalAuthFilter>>());
    case ExtensionRef:
      return in.optional(member, out.config.emplace<LocalObjectReference>());
    case Unknown:
      return false;
  }
  return false;
}

void read_filter(Fields& in, RouteFilter& out, const FilterRule& rule) {
  const std::size_t errors = in.node().report().count();
  in.required("type", out.type, rule.types);
  if (in.node().report().count() != errors) {
    for (const std::string_view member : kMembers) in.take(member);
    return;
  }
  for (std::size_t i = 0; i < kMembers.size(); ++i) {
    if ((rule.types.allowed >> i & 1) == 0) continue;
    const auto type = static_cast<RouteFilterType>(i);
    if (out.type != type) {
      if (in.take(kMembers[i]) && in.strict()) {
        in.fail({kMembers[i]}, fmt::format("must be left out unless type is {}", text_of(type)));
      }
    } else if (!read_config(in, type, out)) {
      in.fail({kMembers[i]}, fmt::format("is required for type {}", text_of(type)));
    }
  }
}

}  // namespace

constexpr FilterRule kHTTPFilters{{.allowed = ~std::uint64_t{0}}};
constexpr FilterRule kGRPCFilters{
    {.allowed = bit(RequestHeaderModifier) | bit(ResponseHeaderModifier) | bit(RequestMirror) | bit(ExtensionRef)}};

void read_value(const Node& node, RouteFilter& out, const FilterRule& rule) {
  Fields in(node);
  if (!in) return;
  read_filter(in, out, rule);
  in.finish();
}

void read_filters(Fields& in, std::vector<RouteFilter>& out, const FilterRule& rule) {
  in.optional("filters", out, kFilterList, rule);
  if (!in.sound()) return;
  const auto first = [&out](RouteFilterType type, std::size_t from) {
    for (std::size_t i = from; i < out.size(); ++i) {
      if (out[i].type == type) return i;
    }
    return out.size();
  };
  for (const RouteFilterType type : kOnlyOnce) {
    const std::size_t again = std::min(first(type, first(type, 0) + 1), out.size());
    if (again < out.size()) in.fail({"filters", again}, fmt::format("must not be a second {}", text_of(type)));
  }
  const std::size_t rewrite = first(URLRewrite, 0);
  in.rule(first(RequestRedirect, 0) == out.size() || rewrite == out.size(), {"filters", rewrite},
          "must not be URLRewrite beside RequestRedirect");
}

void read_value(const Node& node, FilteredBackendRef& out, const FilterRule& rule) {
  Fields in(node);
  if (!in) return;
  read(in, static_cast<BackendRef&>(out));
  read_filters(in, out.filters, rule);
  in.finish();
}

}  // namespace cardea::api
