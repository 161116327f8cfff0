// SPDX-License-Identifier: Apache-2.0
#include "api/decode/decoding.h"

namespace cardea::api {
namespace {

TEST(DecodeGRPCRoute, EveryField) {
  const auto made = decode_as<GRPCRoute>(R"(apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {name: users}
spec:
  useDefaultGateways: All
  parentRefs: [{name: web, sectionName: grpc}]
  hostnames: [api.example.com]
  rules:
  - name: login
    matches:
    - method: {service: com.example.User, method: Login}
      headers:
      - {name: x-a, value: "any text  at all"}
      - {type: RegularExpression, name: x-b, value: "[0-9]+"}
    - method: {type: RegularExpression, service: "com[.]example/.*"}
    - {}
    filters:
    - {type: ResponseHeaderModifier, responseHeaderModifier: {remove: [a]}}
    - {type: RequestMirror, requestMirror: {backendRef: {name: copy, port: 1}}}
    - {type: ExtensionRef, extensionRef: {group: "", kind: A, name: b}}
    backendRefs:
    - name: users
      port: 50051
      weight: 3
      filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: a, value: b}]}}]
    sessionPersistence: {sessionName: s}
)");
  EXPECT_EQ(made->spec.use_default_gateways, DefaultScope::All);
  EXPECT_EQ(made->spec.parent_refs.at(0).section_name, "grpc");
  EXPECT_EQ(made->spec.hostnames, std::vector<std::string>{"api.example.com"});
  ASSERT_EQ(made->spec.rules.size(), 1u);
  const GRPCRouteRule& rule = made->spec.rules[0];
  EXPECT_EQ(rule.name, "login");
  ASSERT_EQ(rule.matches.size(), 3u);
  EXPECT_EQ(rule.matches[0].method, (GRPCMethodMatch{MatchType::Exact, "com.example.User", "Login"}));
  EXPECT_EQ(rule.matches[0].headers, (std::vector<NamedMatch>{{MatchType::Exact, "x-a", "any text  at all"},
                                                              {MatchType::RegularExpression, "x-b", "[0-9]+"}}));
  EXPECT_EQ(rule.matches[1].method, (GRPCMethodMatch{MatchType::RegularExpression, "com[.]example/.*", ""}));
  EXPECT_EQ(rule.matches[2], GRPCRouteMatch{});
  ASSERT_EQ(rule.filters.size(), 3u);
  EXPECT_EQ(rule.filters[2].type, RouteFilterType::ExtensionRef);
  EXPECT_EQ(rule.backend_refs.at(0).weight, 3u);
  EXPECT_EQ(rule.backend_refs.at(0).filters.size(), 1u);
  EXPECT_EQ(rule.session_persistence->session_name, "s");
}

TEST(DecodeGRPCRoute, NothingIsFilledIn) {
  const auto made = decode_as<GRPCRoute>(
      "{apiVersion: gateway.networking.k8s.io/v1, kind: GRPCRoute, metadata: {name: a}, spec: {rules: [{}]}}");
  ASSERT_EQ(made->spec.rules.size(), 1u);
  EXPECT_TRUE(made->spec.rules[0].matches.empty());
}

TEST(DecodeGRPCRoute, Methods) {
  const std::string at = "spec.rules[0].matches[0].method";
  const std::string service =
      at + ".service: must be a full service name for type Exact, as in \"com.example.User\", not ";
  const std::string method = at + ".method: must be a method name for type Exact, as in \"Login\", not ";
  expect_errors(
      "{apiVersion: gateway.networking.k8s.io/v1, kind: GRPCRoute, metadata: {name: a}, spec: {rules: "
      "[{matches: [{method: @}]}]}}",
      {
          {"{service: a_B.c9}", {}},
          {"{service: .a.b}", {}},
          {"{method: _a9}", {}},
          {"{type: RegularExpression, method: '/'}", {}},
          {"{}", {at + ": must have service or method or both"}},
          {"{type: RegularExpression}", {at + ": must have service or method or both"}},
          {"{type: Prefix, method: a}", {at + ".type: must be one of Exact, RegularExpression, not \"Prefix\""}},
          {"{service: a/b}", {service + "\"a/b\""}},
          {"{service: a..b}", {service + "\"a..b\""}},
          {"{service: ''}", {service + "\"\""}},
          {"{service: 9a}", {service + "\"9a\""}},
          {"{method: a.b}", {method + "\"a.b\""}},
          {"{method: ''}", {method + "\"\""}},
      });
}

TEST(DecodeGRPCRoute, Errors) {
  std::string many = "rules: [";
  for (int i = 0; i < 3; ++i) {
    many += "{matches: [";
    for (int j = 0; j < 43; ++j) many += "{},";
    many += "]},";
  }
  many += "]";
  expect_errors(
      "{apiVersion: gateway.networking.k8s.io/v1, kind: GRPCRoute, metadata: {name: a}, spec: {@}}",
      {
          {"", {}},
          {"rules: []", {}},
          {many.c_str(), {"spec.rules: must have at most 128 matches in all rules together, not 129"}},
          {"rules: [{name: a}, {name: a}]", {"spec.rules[1].name: must not repeat \"a\", which rules[0] has already"}},
          {"rules: [{timeouts: {}}]",
           {"spec.rules[0].timeouts: no such field; allowed: name, matches, filters, backendRefs, sessionPersistence"}},
          {"rules: [{filters: [{type: URLRewrite, urlRewrite: {}}]}]",
           {"spec.rules[0].filters[0].type: must be one of RequestHeaderModifier, ResponseHeaderModifier, "
            "RequestMirror, "
            "ExtensionRef, not \"URLRewrite\""}},
          {"rules: [{filters: [{type: ExtensionRef, extensionRef: {group: '', kind: A, name: b}, cors: {}}]}]",
           {"spec.rules[0].filters[0].cors: no such field; allowed: type, requestHeaderModifier, "
            "responseHeaderModifier, "
            "requestMirror, extensionRef"}},
          {"rules: [{filters: [{type: RequestHeaderModifier, requestHeaderModifier: {}}, {type: RequestHeaderModifier, "
           "requestHeaderModifier: {}}]}]",
           {"spec.rules[0].filters[1]: must not be a second RequestHeaderModifier"}},
          {"rules: [{matches: [{headers: [{name: a, value: b}, {name: a, value: c}]}]}]",
           {"spec.rules[0].matches[0].headers[1].name: must not repeat \"a\", which headers[0] has already"}},
          {"rules: [{backendRefs: [{name: a}]}]",
           {"spec.rules[0].backendRefs[0].port: is required when the backend is a Service"}},
          {"parentRefs: [{name: a}, {name: a}]",
           {"spec.parentRefs[1]: must name another sectionName or port than parentRefs[0], which has the same parent"}},
      });
}

TEST(DecodeGRPCRoute, LenientKeepsAFilterThatTheKindDoesNotHave) {
  const auto made = decode_as<GRPCRoute>(
      "{apiVersion: gateway.networking.k8s.io/v1, kind: GRPCRoute, metadata: {name: a}, spec: {rules: [{filters: "
      "[{type: "
      "URLRewrite, urlRewrite: {}}]}]}}",
      DecodeMode::Lenient);
  EXPECT_EQ(made->spec.rules.at(0).filters.at(0).type, Enum<RouteFilterType>::unknown("URLRewrite"));
}

}  // namespace
}  // namespace cardea::api
