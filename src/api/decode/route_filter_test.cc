// SPDX-License-Identifier: Apache-2.0
#include "api/decode/decoding.h"

namespace cardea::api {
namespace {

constexpr std::string_view kFilters =
    "{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: a}, spec: {rules: [{filters: [@]}]}}";
constexpr std::string_view kBackendFilters =
    "{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: a}, spec: {rules: [{backendRefs: "
    "[{name: b, port: 1, filters: [@]}]}]}}";

std::string in_frame(std::string_view fragment) {
  const std::size_t at = kFilters.find('@');
  return std::string(kFilters.substr(0, at)) + std::string(fragment) + std::string(kFilters.substr(at + 1));
}

// The one filter that the fragment describes.
RouteFilter filter(std::string_view fragment) {
  const auto made = decode_as<HTTPRoute>(in_frame(fragment));
  return made->spec.rules.empty() || made->spec.rules[0].filters.empty() ? RouteFilter{}
                                                                         : made->spec.rules[0].filters[0];
}

TEST(DecodeFilter, HeaderModifiers) {
  const HTTPHeaderFilter expected{{{"a", "b"}, {"A", "x y"}}, {{"c", "d"}}, {"e", "f"}};
  const RouteFilter request = filter(
      "{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: a, value: b}, {name: A, value: x y}], add: "
      "[{name: c, value: d}], remove: [e, f]}}");
  EXPECT_EQ(request.type, RouteFilterType::RequestHeaderModifier);
  EXPECT_EQ(std::get<HTTPHeaderFilter>(request.config), expected);
  const RouteFilter response =
      filter("{type: ResponseHeaderModifier, responseHeaderModifier: {add: [{name: a, value: b}]}}");
  EXPECT_EQ(response.type, RouteFilterType::ResponseHeaderModifier);
  EXPECT_EQ(std::get<HTTPHeaderFilter>(response.config), (HTTPHeaderFilter{{}, {{"a", "b"}}, {}}));
}

TEST(DecodeFilter, RequestMirror) {
  const auto mirror = [](std::string_view rest) {
    return std::get<HTTPRequestMirrorFilter>(
        filter("{type: RequestMirror, requestMirror: {backendRef: {name: a, namespace: b, port: 80}" +
               std::string(rest) + "}}")
            .config);
  };
  EXPECT_EQ(mirror("").backend_ref, (BackendObjectReference{"", "Service", "b", "a", std::uint16_t{80}}));
  EXPECT_EQ(mirror("").fraction, std::nullopt);
  EXPECT_EQ(mirror(", percent: 0").fraction, (Fraction{0, 100}));
  EXPECT_EQ(mirror(", percent: 42").fraction, (Fraction{42, 100}));
  EXPECT_EQ(mirror(", fraction: {numerator: 5}").fraction, (Fraction{5, 100}));
  EXPECT_EQ(mirror(", fraction: {numerator: 1, denominator: 3}").fraction, (Fraction{1, 3}));
}

TEST(DecodeFilter, RequestRedirect) {
  const auto redirect = [](std::string_view fields) {
    return std::get<HTTPRequestRedirectFilter>(
        filter("{type: RequestRedirect, requestRedirect: {" + std::string(fields) + "}}").config);
  };
  EXPECT_EQ(redirect(""), HTTPRequestRedirectFilter{});
  EXPECT_EQ(redirect("").status_code, 302);
  EXPECT_EQ(redirect("scheme: https, hostname: a.b, port: 8443, statusCode: 308, path: {type: ReplaceFullPath, "
                     "replaceFullPath: /x}"),
            (HTTPRequestRedirectFilter{RedirectScheme::Https, "a.b",
                                       HTTPPathModifier{HTTPPathModifierType::ReplaceFullPath, "/x"},
                                       std::uint16_t{8443}, 308}));
  for (const char* code : {"301", "302", "303", "307", "308"}) {
    EXPECT_EQ(redirect(std::string("statusCode: ") + code).status_code, std::stoi(code));
  }
}

TEST(DecodeFilter, URLRewrite) {
  const auto rewrite = [](std::string_view fields) {
    return std::get<HTTPURLRewriteFilter>(
        filter("{type: URLRewrite, urlRewrite: {" + std::string(fields) + "}}").config);
  };
  EXPECT_EQ(rewrite("hostname: a.b"), (HTTPURLRewriteFilter{"a.b", std::nullopt}));
  EXPECT_EQ(rewrite("path: {type: ReplacePrefixMatch, replacePrefixMatch: ''}"),
            (HTTPURLRewriteFilter{"", HTTPPathModifier{HTTPPathModifierType::ReplacePrefixMatch, ""}}));
}

TEST(DecodeFilter, CORS) {
  const auto cors = [](std::string_view fields) {
    return *std::get<Rare<HTTPCORSFilter>>(filter("{type: CORS, cors: {" + std::string(fields) + "}}").config);
  };
  EXPECT_EQ(cors(""), HTTPCORSFilter{});
  EXPECT_EQ(cors("").max_age, 5);
  EXPECT_EQ(
      cors("allowOrigins: ['https://*.a.b:8443', 'http://c'], allowCredentials: true, allowMethods: [GET, PUT], "
           "allowHeaders: [x-a, '*x'], exposeHeaders: [x-b, '*'], maxAge: 600"),
      (HTTPCORSFilter{{"https://*.a.b:8443", "http://c"}, true, {"GET", "PUT"}, {"x-a", "*x"}, {"x-b", "*"}, 600}));
  EXPECT_EQ(cors("allowOrigins: ['*'], allowMethods: ['*'], allowHeaders: ['*']").allow_methods,
            std::vector<std::string>{"*"});
}

TEST(DecodeFilter, ExternalAuth) {
  const auto auth = [](std::string_view fields) {
    return *std::get<Rare<HTTPExternalAuthFilter>>(
        filter("{type: ExternalAuth, externalAuth: {backendRef: {name: a, port: 1}, " + std::string(fields) + "}}")
            .config);
  };
  const HTTPExternalAuthFilter http = auth(
      "protocol: HTTP, http: {path: /check, allowedHeaders: [a], allowedResponseHeaders: [b]}, forwardBody: {maxSize: "
      "4096}");
  EXPECT_EQ(http.protocol, ExternalAuthProtocol::HTTP);
  EXPECT_EQ(http.backend_ref, (BackendObjectReference{"", "Service", "", "a", std::uint16_t{1}}));
  EXPECT_EQ(http.path, "/check");
  EXPECT_EQ(http.allowed_headers, std::vector<std::string>{"a"});
  EXPECT_EQ(http.allowed_response_headers, std::vector<std::string>{"b"});
  EXPECT_EQ(http.forward_body_max_size, 4096);
  const HTTPExternalAuthFilter grpc = auth("protocol: GRPC, grpc: {allowedHeaders: [c]}");
  EXPECT_EQ(grpc.protocol, ExternalAuthProtocol::GRPC);
  EXPECT_EQ(grpc.allowed_headers, std::vector<std::string>{"c"});
  EXPECT_EQ(grpc.forward_body_max_size, std::nullopt);
}

TEST(DecodeFilter, ExtensionRef) {
  EXPECT_EQ(std::get<LocalObjectReference>(
                filter("{type: ExtensionRef, extensionRef: {group: a.b, kind: C, name: d}}").config),
            (LocalObjectReference{"a.b", "C", "d"}));
}

TEST(DecodeFilter, EveryTypeNeedsItsOwnMemberAndNoOther) {
  struct Type {
    std::string type, member, config;
  };
  const std::vector<Type> types{
      {"RequestHeaderModifier", "requestHeaderModifier", "{remove: [a]}"},
      {"ResponseHeaderModifier", "responseHeaderModifier", "{remove: [a]}"},
      {"RequestMirror", "requestMirror", "{backendRef: {name: a, port: 1}}"},
      {"RequestRedirect", "requestRedirect", "{}"},
      {"URLRewrite", "urlRewrite", "{}"},
      {"CORS", "cors", "{}"},
      {"ExternalAuth", "externalAuth", "{protocol: HTTP, http: {}, backendRef: {name: a, port: 1}}"},
      {"ExtensionRef", "extensionRef", "{group: '', kind: A, name: b}"},
  };
  for (const Type& one : types) {
    const std::string valid = "{type: " + one.type + ", " + one.member + ": " + one.config + "}";
    const std::string without = "{type: " + one.type + "}";
    expect_errors(kFilters, {{valid.c_str(), {}},
                             {without.c_str(),
                              {"spec.rules[0].filters[0]." + one.member + ": is required for type " + one.type}}});
    for (const Type& other : types) {
      if (other.type == one.type) continue;
      const std::string both = "{type: " + one.type + ", " + one.member + ": " + one.config + ", " + other.member +
                               ": " + other.config + "}";
      expect_errors(
          kFilters,
          {{both.c_str(),
            {"spec.rules[0].filters[0]." + other.member + ": must be left out unless type is " + other.type}}});
    }
  }
}

TEST(DecodeFilter, Combinations) {
  const std::string redirect = "{type: RequestRedirect, requestRedirect: {}}",
                    rewrite = "{type: URLRewrite, urlRewrite: {}}";
  const std::string mirror = "{type: RequestMirror, requestMirror: {backendRef: {name: a, port: 1}}}";
  const std::string extension = "{type: ExtensionRef, extensionRef: {group: '', kind: A, name: b}}";
  for (const std::string& once : {redirect, rewrite, std::string("{type: CORS, cors: {}}"),
                                  std::string("{type: RequestHeaderModifier, requestHeaderModifier: {}}"),
                                  std::string("{type: ResponseHeaderModifier, responseHeaderModifier: {}}")}) {
    const std::string type = once.substr(7, once.find(',') - 7), twice = once + ", " + mirror + ", " + once;
    expect_errors(kFilters, {{twice.c_str(), {"spec.rules[0].filters[2]: must not be a second " + type}}});
    expect_errors(kBackendFilters,
                  {{twice.c_str(), {"spec.rules[0].backendRefs[0].filters[2]: must not be a second " + type}}});
  }
  const std::string repeated = mirror + ", " + mirror + ", " + extension + ", " + extension;
  const std::string both = redirect + ", " + rewrite;
  expect_errors(kFilters,
                {{repeated.c_str(), {}},
                 {both.c_str(), {"spec.rules[0].filters[1]: must not be URLRewrite beside RequestRedirect"}}});
}

TEST(DecodeFilter, Errors) {
  const std::string at = "spec.rules[0].filters[0].";
  expect_errors(
      kFilters,
      {
          {"{}", {at + "type: is required"}},
          {"{type: Magic, magic: {}}",
           {at + "type: must be one of RequestHeaderModifier, ResponseHeaderModifier, RequestMirror, RequestRedirect, "
                 "URLRewrite, CORS, ExternalAuth, ExtensionRef, not \"Magic\"",
            at + "magic: no such field; allowed: type, requestHeaderModifier, responseHeaderModifier, requestMirror, "
                 "requestRedirect, urlRewrite, cors, externalAuth, extensionRef"}},
          {"{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: a, value: b}, {name: a, value: c}]}}",
           {at + "requestHeaderModifier.set[1].name: must not repeat \"a\", which set[0] has already"}},
          {"{type: RequestHeaderModifier, requestHeaderModifier: {add: [{name: a, value: b}, {name: a, value: c}]}}",
           {at + "requestHeaderModifier.add[1].name: must not repeat \"a\", which add[0] has already"}},
          {"{type: RequestHeaderModifier, requestHeaderModifier: {remove: [a, b, a]}}",
           {at + "requestHeaderModifier.remove[2]: must not repeat \"a\", which remove[0] has already"}},
          {"{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: 'a:', value: \"b\\nc\"}]}}",
           {at + "requestHeaderModifier.set[0].name: must be an HTTP field name, not \"a:\"",
            at + "requestHeaderModifier.set[0].value: must be visible ASCII with single spaces or tabs between, not "
                 "\"b\\x0ac\""}},
          {"{type: RequestMirror, requestMirror: {}}", {at + "requestMirror.backendRef: is required"}},
          {"{type: RequestMirror, requestMirror: {backendRef: {name: a, port: 1, weight: 1}}}",
           {at + "requestMirror.backendRef.weight: no such field; allowed: group, kind, name, namespace, port"}},
          {"{type: RequestMirror, requestMirror: {backendRef: {name: a, port: 1}, percent: 101}}",
           {at + "requestMirror.percent: must be between 0 and 100, not 101"}},
          {"{type: RequestMirror, requestMirror: {backendRef: {name: a, port: 1}, percent: 1, fraction: {numerator: "
           "1}}}",
           {at + "requestMirror.percent: must be left out when fraction is given"}},
          {"{type: RequestMirror, requestMirror: {backendRef: {name: a, port: 1}, fraction: {numerator: 3, "
           "denominator: 2}}}",
           {at + "requestMirror.fraction.numerator: must not be greater than denominator"}},
          {"{type: RequestMirror, requestMirror: {backendRef: {name: a, port: 1}, fraction: {numerator: 0, "
           "denominator: 0}}}",
           {at + "requestMirror.fraction.denominator: must be between 1 and 2147483647, not 0"}},
          {"{type: RequestRedirect, requestRedirect: {statusCode: 300}}",
           {at + "requestRedirect.statusCode: must be one of 301, 302, 303, 307, 308, not 300"}},
          {"{type: RequestRedirect, requestRedirect: {scheme: HTTPS}}",
           {at + "requestRedirect.scheme: must be one of http, https, not \"HTTPS\""}},
          {"{type: RequestRedirect, requestRedirect: {hostname: '*.a.b'}}",
           {at + "requestRedirect.hostname: must be a lower-case host name without port or wildcard, not \"*.a.b\""}},
          {"{type: RequestRedirect, requestRedirect: {path: {type: ReplaceFullPath}}}",
           {at + "requestRedirect.path.replaceFullPath: is required for type ReplaceFullPath"}},
          {"{type: RequestRedirect, requestRedirect: {path: {type: ReplacePrefixMatch}}}",
           {at + "requestRedirect.path.replacePrefixMatch: is required for type ReplacePrefixMatch"}},
          {"{type: URLRewrite, urlRewrite: {path: {type: ReplaceFullPath, replaceFullPath: /a, replacePrefixMatch: "
           "/b}}}",
           {at + "urlRewrite.path.replacePrefixMatch: must be left out unless type is ReplacePrefixMatch"}},
          {"{type: URLRewrite, urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /b, replaceFullPath: "
           "/a}}}",
           {at + "urlRewrite.path.replaceFullPath: must be left out unless type is ReplaceFullPath"}},
          {"{type: URLRewrite, urlRewrite: {path: {}}}", {at + "urlRewrite.path.type: is required"}},
          {"{type: CORS, cors: {allowOrigins: ['*', 'https://a']}}",
           {at + "cors.allowOrigins: must hold nothing else when it holds \"*\""}},
          {"{type: CORS, cors: {allowMethods: [GET, '*']}}",
           {at + "cors.allowMethods: must hold nothing else when it holds \"*\""}},
          {"{type: CORS, cors: {allowHeaders: [a, '*']}}",
           {at + "cors.allowHeaders: must hold nothing else when it holds \"*\""}},
          {"{type: CORS, cors: {allowOrigins: [a.b]}}",
           {at +
            "cors.allowOrigins[0]: must be \"*\" or an http or https origin, as in \"https://*.example.com:8443\", not "
            "\"a.b\""}},
          {"{type: CORS, cors: {allowMethods: [get]}}",
           {at + "cors.allowMethods[0]: must be an HTTP method in capitals or \"*\", not \"get\""}},
          {"{type: CORS, cors: {allowMethods: [GET, GET]}}",
           {at + "cors.allowMethods[1]: must not repeat \"GET\", which allowMethods[0] has already"}},
          {"{type: CORS, cors: {exposeHeaders: [a, a]}}",
           {at + "cors.exposeHeaders[1]: must not repeat \"a\", which exposeHeaders[0] has already"}},
          {"{type: CORS, cors: {maxAge: 0}}", {at + "cors.maxAge: must be between 1 and 2147483647, not 0"}},
          {"{type: ExternalAuth, externalAuth: {backendRef: {name: a, port: 1}, protocol: HTTP}}",
           {at + "externalAuth.http: is required for protocol HTTP"}},
          {"{type: ExternalAuth, externalAuth: {backendRef: {name: a, port: 1}, protocol: GRPC}}",
           {at + "externalAuth.grpc: is required for protocol GRPC"}},
          {"{type: ExternalAuth, externalAuth: {backendRef: {name: a, port: 1}, protocol: HTTP, http: {}, grpc: {}}}",
           {at + "externalAuth.grpc: must be left out unless protocol is GRPC"}},
          {"{type: ExternalAuth, externalAuth: {backendRef: {name: a, port: 1}, protocol: GRPC, http: {}, grpc: {}}}",
           {at + "externalAuth.http: must be left out unless protocol is HTTP"}},
          {"{type: ExternalAuth, externalAuth: {backendRef: {name: a, port: 1}, protocol: TCP}}",
           {at + "externalAuth.protocol: must be one of HTTP, GRPC, not \"TCP\""}},
          {"{type: ExternalAuth, externalAuth: {backendRef: {name: a}, protocol: HTTP, http: {path: '/a b'}}}",
           {at + "externalAuth.backendRef.port: is required when the backend is a Service",
            at + "externalAuth.http.path: must be a path, its other characters percent-encoded, not \"/a b\""}},
          {"{type: ExternalAuth, externalAuth: {backendRef: {name: a, port: 1}, protocol: GRPC, grpc: {path: /a}}}",
           {at + "externalAuth.grpc.path: no such field; allowed: allowedHeaders"}},
          {"{type: ExtensionRef, extensionRef: {}}",
           {at + "extensionRef.group: is required", at + "extensionRef.kind: is required",
            at + "extensionRef.name: is required"}},
      });
}

}  // namespace
}  // namespace cardea::api
