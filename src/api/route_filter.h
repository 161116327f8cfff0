// SPDX-License-Identifier: Apache-2.0
// Filters of HTTPRoute and GRPCRoute (Gateway API v1.6.1, both channels). A GRPCRoute has RequestHeaderModifier,
// ResponseHeaderModifier, RequestMirror and ExtensionRef only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "api/enum.h"
#include "api/rare.h"
#include "api/references.h"

namespace cardea::api {

enum class RouteFilterType : std::uint8_t {
  RequestHeaderModifier,
  ResponseHeaderModifier,
  RequestMirror,
  RequestRedirect,
  URLRewrite,
  CORS,
  ExternalAuth,  // experimental
  ExtensionRef,
  Unknown,
};
template <>
struct EnumText<RouteFilterType> {
  static constexpr std::array<std::string_view, 8> kNames{"RequestHeaderModifier",
                                                          "ResponseHeaderModifier",
                                                          "RequestMirror",
                                                          "RequestRedirect",
                                                          "URLRewrite",
                                                          "CORS",
                                                          "ExternalAuth",
                                                          "ExtensionRef"};
};

struct HTTPHeader {
  std::string name;
  std::string value;

  bool operator==(const HTTPHeader&) const = default;
};
// RequestHeaderModifier and ResponseHeaderModifier.
struct HTTPHeaderFilter {
  std::vector<HTTPHeader> set;
  std::vector<HTTPHeader> add;
  std::vector<std::string> remove;

  bool operator==(const HTTPHeaderFilter&) const = default;
};

struct Fraction {
  std::int32_t numerator = 0;
  std::int32_t denominator = 100;

  bool operator==(const Fraction&) const = default;
};
struct HTTPRequestMirrorFilter {
  BackendObjectReference backend_ref;
  std::optional<Fraction> fraction;  // percent is written as a fraction of 100; absent: every request

  bool operator==(const HTTPRequestMirrorFilter&) const = default;
};

enum class HTTPPathModifierType : std::uint8_t { ReplaceFullPath, ReplacePrefixMatch, Unknown };
template <>
struct EnumText<HTTPPathModifierType> {
  static constexpr std::array<std::string_view, 2> kNames{"ReplaceFullPath", "ReplacePrefixMatch"};
};
struct HTTPPathModifier {
  Enum<HTTPPathModifierType> type;
  std::string value;  // replaceFullPath or replacePrefixMatch, as `type` says; may be empty

  bool operator==(const HTTPPathModifier&) const = default;
};

enum class RedirectScheme : std::uint8_t { Http, Https, Unknown };
template <>
struct EnumText<RedirectScheme> {
  static constexpr std::array<std::string_view, 2> kNames{"http", "https"};
};
struct HTTPRequestRedirectFilter {
  std::optional<Enum<RedirectScheme>> scheme;
  std::string hostname;  // empty: keep
  std::optional<HTTPPathModifier> path;
  std::optional<std::uint16_t> port;
  std::int32_t status_code = 302;  // lenient: may be one that we do not know

  bool operator==(const HTTPRequestRedirectFilter&) const = default;
};

struct HTTPURLRewriteFilter {
  std::string hostname;  // empty: keep
  std::optional<HTTPPathModifier> path;

  bool operator==(const HTTPURLRewriteFilter&) const = default;
};

struct HTTPCORSFilter {
  std::vector<std::string> allow_origins;
  bool allow_credentials = false;
  std::vector<std::string> allow_methods;
  std::vector<std::string> allow_headers;
  std::vector<std::string> expose_headers;
  std::int32_t max_age = 5;  // seconds

  bool operator==(const HTTPCORSFilter&) const = default;
};

enum class ExternalAuthProtocol : std::uint8_t { HTTP, GRPC, Unknown };
template <>
struct EnumText<ExternalAuthProtocol> {
  static constexpr std::array<std::string_view, 2> kNames{"HTTP", "GRPC"};
};
struct HTTPExternalAuthFilter {
  Enum<ExternalAuthProtocol> protocol;
  BackendObjectReference backend_ref;
  std::vector<std::string> allowed_headers;  // http.allowedHeaders or grpc.allowedHeaders, as `protocol` says
  // HTTP only:
  std::string path;
  std::vector<std::string> allowed_response_headers;
  std::optional<std::int32_t> forward_body_max_size;  // absent: the body is not forwarded

  bool operator==(const HTTPExternalAuthFilter&) const = default;
};

struct RouteFilter {
  Enum<RouteFilterType> type;
  // As `type` says; monostate exactly when it is Unknown. The first alternative stands for both header modifiers.
  std::variant<std::monostate, HTTPHeaderFilter, HTTPRequestMirrorFilter, HTTPRequestRedirectFilter,
               HTTPURLRewriteFilter, Rare<HTTPCORSFilter>, Rare<HTTPExternalAuthFilter>, LocalObjectReference>
      config;

  bool operator==(const RouteFilter&) const = default;
};

// A backendRef of an HTTPRoute or GRPCRoute.
struct FilteredBackendRef : BackendRef {
  std::vector<RouteFilter> filters;

  bool operator==(const FilteredBackendRef&) const = default;
};

}  // namespace cardea::api
