// SPDX-License-Identifier: Apache-2.0
// What holds for every kind: dispatch, lists, metadata, where errors point, the two modes.
#include "api/decode.h"

#include "api/decode/decoding.h"
#include "base/json.h"

namespace cardea::api {
namespace {

using Lines = std::vector<std::string>;

constexpr std::string_view kRoute = R"(apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: shop
spec: {}
)";

TEST(Decode, EveryKindAndVersionThatTheCrdsServe) {
  struct Served {
    const char* api_version;
    const char* kind;
    const char* body;
  };
  constexpr const char* kListeners = "listeners: [{name: a, port: 80, protocol: HTTP}]";
  const std::string gateway = std::string("spec: {gatewayClassName: c, ") + kListeners + "}";
  const std::string listener_set = std::string("spec: {parentRef: {name: g}, ") + kListeners + "}";
  constexpr const char* kL4 = "spec: {rules: [{backendRefs: [{name: s, port: 80}]}]}";
  constexpr const char* kTls = "spec: {hostnames: [a.b], rules: [{backendRefs: [{name: s, port: 80}]}]}";
  constexpr const char* kGrant =
      "spec: {from: [{group: '', kind: A, namespace: ns}], to: [{group: '', kind: Service}]}";
  constexpr const char* kPolicy =
      "spec: {targetRefs: [{group: '', kind: Service, name: s}], validation: {hostname: a.b, "
      "wellKnownCACertificates: System}}";
  const std::vector<Served> served{
      {"gateway.networking.k8s.io/v1", "GatewayClass", "spec: {controllerName: a.b/c}"},
      {"gateway.networking.k8s.io/v1beta1", "GatewayClass", "spec: {controllerName: a.b/c}"},
      {"gateway.networking.k8s.io/v1", "Gateway", gateway.c_str()},
      {"gateway.networking.k8s.io/v1beta1", "Gateway", gateway.c_str()},
      {"gateway.networking.k8s.io/v1", "ListenerSet", listener_set.c_str()},
      {"gateway.networking.k8s.io/v1", "HTTPRoute", "spec: {}"},
      {"gateway.networking.k8s.io/v1beta1", "HTTPRoute", "spec: {}"},
      {"gateway.networking.k8s.io/v1", "GRPCRoute", "spec: {}"},
      {"gateway.networking.k8s.io/v1", "TLSRoute", kTls},
      {"gateway.networking.k8s.io/v1alpha3", "TLSRoute", kTls},
      {"gateway.networking.k8s.io/v1alpha2", "TLSRoute", kL4},
      {"gateway.networking.k8s.io/v1", "TCPRoute", kL4},
      {"gateway.networking.k8s.io/v1alpha2", "TCPRoute", kL4},
      {"gateway.networking.k8s.io/v1", "UDPRoute", kL4},
      {"gateway.networking.k8s.io/v1alpha2", "UDPRoute", kL4},
      {"gateway.networking.k8s.io/v1", "ReferenceGrant", kGrant},
      {"gateway.networking.k8s.io/v1beta1", "ReferenceGrant", kGrant},
      {"gateway.networking.k8s.io/v1", "BackendTLSPolicy", kPolicy},
      {"gateway.networking.k8s.io/v1alpha3", "BackendTLSPolicy", kPolicy},
      {"v1", "Service", "spec: {ports: [{port: 80}]}"},
      {"discovery.k8s.io/v1", "EndpointSlice", "addressType: IPv4"},
      {"v1", "Secret", "type: Opaque"},
      {"v1", "ConfigMap", "data: {a: b}"},
      {"v1", "Namespace", "spec: {}"},
      {"gateway.cardea.dev/v1alpha1", "GatewayParameters", "spec: {workers: 2}"},
  };
  for (const Served& one : served) {
    const std::string text =
        std::string("apiVersion: ") + one.api_version + "\nkind: " + one.kind + "\nmetadata: {name: a}\n" + one.body;
    for (const DecodeMode mode : {DecodeMode::Strict, DecodeMode::Lenient}) {
      EXPECT_EQ(errors_of(text, mode), Lines{}) << text;
      const auto all = decode_text(text, mode);
      ASSERT_EQ(all.size(), 1u) << text;
      const auto* object = std::get_if<Object>(&all[0].outcome);
      ASSERT_NE(object, nullptr) << text;
      EXPECT_EQ(kind_of(*object), one.kind);
      const bool cluster_scoped = kind_of(*object) == "GatewayClass" || kind_of(*object) == "Namespace";
      EXPECT_EQ(metadata_of(*object).namespace_, cluster_scoped ? "" : "default") << text;
    }
  }
}

TEST(Decode, AVersionThatIsNotServedIsAnErrorOfAKnownObject) {
  const auto all =
      decode_text("apiVersion: gateway.networking.k8s.io/v1alpha2\nkind: HTTPRoute\nmetadata: {name: a}\n");
  ASSERT_EQ(all.size(), 1u);
  const auto* invalid = std::get_if<InvalidObject>(&all[0].outcome);
  ASSERT_NE(invalid, nullptr);
  EXPECT_EQ(invalid->id, (ObjectId{"HTTPRoute", {"default", "a"}}));
  ASSERT_EQ(invalid->errors.size(), 1u);
  EXPECT_EQ(
      format_error("f.yaml", invalid->errors[0]),
      "f.yaml:1:13: apiVersion: must be gateway.networking.k8s.io/v1 or gateway.networking.k8s.io/v1beta1 for kind "
      "HTTPRoute");
}

TEST(Decode, OtherKindsAreIgnored) {
  const auto all = decode_text(
      "{apiVersion: apps/v1, kind: Deployment, metadata: {name: a}}\n---\n"
      "{apiVersion: serving.knative.dev/v1, kind: Service, metadata: {name: a}}\n---\n"
      "{apiVersion: gateway.networking.x-k8s.io/v1alpha1, kind: XMesh, metadata: {name: a}}\n");
  ASSERT_EQ(all.size(), 3u);
  std::vector<std::string> ignored;
  for (const Decoded& one : all) {
    const auto* kind = std::get_if<IgnoredKind>(&one.outcome);
    ASSERT_NE(kind, nullptr);
    ignored.push_back(kind->api_version + " " + kind->kind);
  }
  EXPECT_EQ(ignored, (Lines{"apps/v1 Deployment", "serving.knative.dev/v1 Service",
                            "gateway.networking.x-k8s.io/v1alpha1 XMesh"}));
  EXPECT_EQ(all[1].position.line, 3u);
}

TEST(Decode, ADocumentMustSayWhatItIs) {
  EXPECT_EQ(errors_of("metadata: {name: a}\n"),
            (Lines{"1:1: apiVersion: is required, as in \"v1\" or \"gateway.networking.k8s.io/v1\"",
                   "1:1: kind: is required, as in \"HTTPRoute\""}));
  EXPECT_EQ(errors_of("apiVersion: v1\nkind: 7\n"), (Lines{"2:7: kind: is required, as in \"HTTPRoute\""}));
  EXPECT_EQ(errors_of("- a\n"), (Lines{"1:1: must be an object, not a list"}));
  EXPECT_EQ(errors_of("just words\n"), (Lines{"1:1: must be an object, not the text \"just words\""}));
}

TEST(Decode, ListsAreTakenApart) {
  const auto all = decode_text(R"(apiVersion: v1
kind: List
metadata: {resourceVersion: ""}
items:
- {apiVersion: v1, kind: Namespace, metadata: {name: one}}
- apiVersion: v1
  kind: List
  items:
  - {apiVersion: apps/v1, kind: Deployment}
  - {apiVersion: v1, kind: ConfigMap, metadata: {name: Bad}}
)");
  ASSERT_EQ(all.size(), 3u);
  EXPECT_TRUE(std::holds_alternative<Object>(all[0].outcome));
  EXPECT_EQ(all[0].position.line, 5u);
  EXPECT_TRUE(std::holds_alternative<IgnoredKind>(all[1].outcome));
  const auto* invalid = std::get_if<InvalidObject>(&all[2].outcome);
  ASSERT_NE(invalid, nullptr);
  EXPECT_EQ(invalid->errors[0].path, "items[1].items[1].metadata.name");
  EXPECT_EQ(invalid->errors[0].position.line, 10u);

  EXPECT_TRUE(decode_text("apiVersion: v1\nkind: List\n").empty());
  EXPECT_EQ(errors_of("apiVersion: v1\nkind: List\nitems: 3\n"),
            (Lines{"3:8: items: must be a list, not the number 3"}));
}

TEST(Decode, ItemsOfATypedListNeedNotSayTheirKind) {
  const auto all = decode_text("apiVersion: v1\nkind: ConfigMapList\nitems: [{metadata: {name: a, namespace: ns}}]\n",
                               DecodeMode::Lenient);
  ASSERT_EQ(all.size(), 1u);
  const auto* object = std::get_if<Object>(&all[0].outcome);
  ASSERT_NE(object, nullptr);
  EXPECT_EQ(to_text(id_of(*object)), "ConfigMap ns/a");
}

TEST(Decode, ErrorsSayWhere) {
  EXPECT_EQ(
      errors_of(R"(apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: shop
spec:
  parentRef: []
  hostnames: [a.example.com, 80]
  rules:
  - matches:
    - path:
        type: Prefix
        value: /
    - path:
        value: cart
  - backendRefs:
    - name: cart
      port: "8080"
    - port: 80
    - name: cart
      port: 0
    - name: cart
      weight: 1.5
    name: ""
)"),
      (Lines{
          "6:3: spec.parentRef: no such field; did you mean parentRefs? Allowed: parentRefs, useDefaultGateways, "
          "hostnames, rules",
          "7:30: spec.hostnames[1]: must be text, not the number 80; put it in quotes",
          "11:15: spec.rules[0].matches[0].path.type: must be one of PathPrefix, Exact, RegularExpression, not "
          "\"Prefix\"",
          "14:16: spec.rules[0].matches[1].path.value: must start with \"/\" for types Exact and PathPrefix",
          "17:13: spec.rules[1].backendRefs[0].port: must be a whole number, not the text \"8080\"; leave out the "
          "quotes",
          "18:7: spec.rules[1].backendRefs[1].name: is required",
          "20:13: spec.rules[1].backendRefs[2].port: must be between 1 and 65535, not 0",
          "22:15: spec.rules[1].backendRefs[3].weight: must be a whole number, not the number 1.5",
          "23:11: spec.rules[1].name: must not be empty",
      }));
}

TEST(Decode, AtMostTenErrorsTheFirstOfTheText) {
  std::string text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";
  for (int i = 0; i < 15; ++i) text += "field" + std::string(1, static_cast<char>('a' + i)) + ": 1\n";
  text += "data: []\n";
  const auto all = decode_text(text);
  const auto* invalid = std::get_if<InvalidObject>(&all.at(0).outcome);
  ASSERT_NE(invalid, nullptr);
  EXPECT_EQ(invalid->errors.size(), kMaxDecodeErrors);
  EXPECT_TRUE(invalid->more_errors);
  EXPECT_EQ(invalid->errors.front().position.line, 4u);
  EXPECT_EQ(invalid->errors.back().position.line, 13u);
}

TEST(Decode, TheSameFromJson) {
  const auto json = base::parse_json(
      "{\"apiVersion\":\"gateway.networking.k8s.io/v1\",\"kind\":\"HTTPRoute\",\n \"metadata\":{\"name\":\"a\"},\n"
      " \"spec\":{\"hostnames\":[\"UPPER\"]}}");
  ASSERT_TRUE(json.has_value());
  const auto all = decode(*json, DecodeMode::Strict);
  const auto* invalid = std::get_if<InvalidObject>(&all.at(0).outcome);
  ASSERT_NE(invalid, nullptr);
  EXPECT_EQ(invalid->errors[0].position.line, 3u);
  EXPECT_EQ(invalid->errors[0].path, "spec.hostnames[0]");
}

TEST(Decode, NullCountsAsAbsent) {
  const auto route = decode_as<HTTPRoute>(
      "{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: a, creationTimestamp: null, "
      "labels: "
      "null}, spec: {rules: null, hostnames: null}, status: null}");
  EXPECT_EQ(route->spec.rules.size(), 1u);
  EXPECT_EQ(errors_of("{apiVersion: v1, kind: ConfigMap, metadata: {name: null}}"),
            (Lines{"1:52: metadata.name: is required"}));
}

constexpr std::string_view kExported = R"(apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: shop
  namespace: web
  labels: {app: shop, example.com/team: a_b.c}
  annotations:
    kubectl.kubernetes.io/last-applied-configuration: "{}"
    example.com/Note: any text at all
  generateName: shop-
  generation: 7
  uid: 0a-1b
  resourceVersion: "12"
  creationTimestamp: "2026-01-02T03:04:05Z"
  deletionTimestamp: "2026-01-02T05:04:05.25+02:00"
  deletionGracePeriodSeconds: 30
  selfLink: /a
  finalizers: [a.b/c]
  ownerReferences: [{apiVersion: v1, kind: Pod, name: a, uid: b}]
  managedFields: [{manager: kubectl, fieldsV1: {"f:spec": {}}}]
spec: {}
status: {parents: [{anything: true}]}
)";

TEST(Decode, WhatAServerSetsIsAcceptedAndNotKept) {
  const auto route = decode_as<HTTPRoute>(kExported);
  ObjectMeta expected;
  expected.name = "shop";
  expected.namespace_ = "web";
  expected.labels = {{"app", "shop"}, {"example.com/team", "a_b.c"}};
  expected.annotations = {{"example.com/Note", "any text at all"}};
  EXPECT_EQ(route->metadata, expected);
}

TEST(Decode, LenientKeepsWhatAServerSets) {
  const auto route = decode_as<HTTPRoute>(kExported, DecodeMode::Lenient);
  EXPECT_EQ(route->metadata.generation, 7);
  EXPECT_EQ(route->metadata.uid, "0a-1b");
  EXPECT_EQ(route->metadata.resource_version, "12");
  EXPECT_EQ(route->metadata.creation_timestamp, (Timestamp{1767323045, 0}));
  EXPECT_EQ(route->metadata.deletion_timestamp, (Timestamp{1767323045, 250'000'000}));
}

TEST(Decode, LenientRefusesWhatIsNoTime) {
  const auto with_time = [](std::string_view time) {
    return "{apiVersion: v1, kind: ConfigMap, metadata: {name: a, creationTimestamp: \"" + std::string(time) + "\"}}";
  };
  for (const std::string_view time :
       {"", "2026", "2026-02-30T00:00:00Z", "2026-01-01 00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z",
        "2026-01-01T00:00:00", "2026-01-01T00:00:00+1:00", "2026-01-01T00:00:00+aa:bb", "x026-01-01T00:00:00Z"}) {
    EXPECT_EQ(errors_of(with_time(time), DecodeMode::Lenient).size(), 1u) << time;
  }
  for (const std::string_view time :
       {"2026-01-01T00:00:00Z", "2026-12-31T23:59:60Z", "2024-02-29T00:00:00.123456789-11:30"}) {
    EXPECT_EQ(errors_of(with_time(time), DecodeMode::Lenient), Lines{}) << time;
  }
}

TEST(Decode, MetadataIsChecked) {
  expect_errors(
      "{apiVersion: v1, kind: ConfigMap, metadata: @}",
      {
          {"{name: a.b-c.9}", {}},
          {"{name: a, namespace: ''}", {}},
          {"{name: a, labels: {a: '', b/c: x}}", {}},
          {"[]", {"metadata: must be an object, not a list"}},
          {"{}", {"metadata.name: is required"}},
          {"{name: ''}", {"metadata.name: must not be empty"}},
          {"{name: 5}", {"metadata.name: must be text, not the number 5; put it in quotes"}},
          {"{name: yes}",
           {"metadata.name: must be text, not true; put it in quotes (YAML takes yes, no, on, off, y and n for true or "
            "false)"}},
          {"{name: A}", {"metadata.name: must be lower-case letters, digits, '-' and '.', not \"A\""}},
          {"{name: a..b}", {"metadata.name: must be lower-case letters, digits, '-' and '.', not \"a..b\""}},
          {"{name: a, namespace: a.b}",
           {"metadata.namespace: must be lower-case letters, digits and '-', as in \"my-namespace\", not "
            "\"a.b\""}},
          {"{name: a, labels: {a: 1}}", {"metadata.labels.a: must be text, not the number 1; put it in quotes"}},
          {"{name: a, labels: {a: b c}}",
           {"metadata.labels.a: must be empty, or letters, digits, '-', '_' and '.' that start and end with a "
            "letter or digit, not \"b c\""}},
          {"{name: a, labels: {-a: b}}",
           {"metadata.labels.-a: its key must be a name of up to 63 letters, digits, '-', '_' and '.', perhaps "
            "after a lower-case domain and '/', not \"-a\""}},
          {"{name: a, annotations: {a/b/c: d}}",
           {"metadata.annotations[\"a/b/c\"]: its key must be a name of up to 63 letters, digits, '-', '_' and "
            "'.', perhaps after a lower-case domain and '/', not \"a/b/c\""}},
          {"{name: a, label: {}}",
           {"metadata.label: no such field; did you mean labels? Allowed: name, namespace, labels, "
            "annotations, managedFields, ownerReferences, finalizers, generateName, selfLink, "
            "deletionGracePeriodSeconds, generation, uid, resourceVersion, creationTimestamp, "
            "deletionTimestamp"}},
          {"{name: a, managedFields: {}}", {"metadata.managedFields: must be a list, not an object"}},
      });
}

TEST(Decode, ClusterScopedKindsHaveNoNamespace) {
  constexpr std::string_view kText = "{apiVersion: v1, kind: Namespace, metadata: {name: a, namespace: b}}";
  EXPECT_EQ(errors_of(kText), (Lines{"1:66: metadata.namespace: must be left out: this kind has none"}));
  EXPECT_EQ(decode_as<Namespace>(kText, DecodeMode::Lenient)->metadata.namespace_, "");
}

TEST(Decode, TheNameOfAnInvalidObjectIsKnown) {
  const auto id = [](std::string_view text) {
    const auto all = decode_text(text);
    const auto* invalid = std::get_if<InvalidObject>(&all.at(0).outcome);
    return invalid && invalid->id ? to_text(*invalid->id) : std::string("none");
  };
  EXPECT_EQ(id("{apiVersion: v1, kind: Secret, metadata: {name: a}, x: 1}"), "Secret default/a");
  EXPECT_EQ(id("{apiVersion: v1, kind: Secret, metadata: {name: a, namespace: b}, x: 1}"), "Secret b/a");
  EXPECT_EQ(id("{apiVersion: v1, kind: Namespace, metadata: {name: a}, x: 1}"), "Namespace a");
  EXPECT_EQ(id("{apiVersion: v1, kind: Secret, metadata: {namespace: b}}"), "none");
}

TEST(Decode, LenientPassesOverWhatItDoesNotKnow) {
  const auto route = decode_as<HTTPRoute>(R"(apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: a, newField: 1}
new: {}
spec:
  newField: {}
  rules:
  - matches:
    - path: {type: Glob, value: "/a*"}
      method: QUERY
      headers: [{type: Glob, name: a, value: b, newField: 1}]
    filters:
    - {type: Compress, compress: {level: 3}}
    - {type: RequestRedirect, requestRedirect: {scheme: gopher, statusCode: 399, path: {type: ReplaceSuffix}}}
)",
                                          DecodeMode::Lenient);
  const HTTPRouteRule& rule = route->spec.rules.at(0);
  EXPECT_EQ(rule.matches.at(0).path.type, Enum<PathMatchType>::unknown("Glob"));
  EXPECT_EQ(rule.matches.at(0).path.type.text(), "Glob");
  EXPECT_EQ(rule.matches.at(0).method, Enum<HTTPMethod>::unknown("QUERY"));
  EXPECT_EQ(rule.matches.at(0).headers.at(0).type, Enum<MatchType>::unknown("Glob"));
  EXPECT_EQ(rule.filters.at(0).type, Enum<RouteFilterType>::unknown("Compress"));
  EXPECT_TRUE(std::holds_alternative<std::monostate>(rule.filters.at(0).config));
  const auto& redirect = std::get<HTTPRequestRedirectFilter>(rule.filters.at(1).config);
  EXPECT_EQ(redirect.scheme, Enum<RedirectScheme>::unknown("gopher"));
  EXPECT_EQ(redirect.status_code, 399);
  EXPECT_EQ(redirect.path->type, Enum<HTTPPathModifierType>::unknown("ReplaceSuffix"));
}

TEST(Decode, LenientDoesNotApplyLimitsOfThisVersion) {
  std::string hostnames;
  for (int i = 0; i < 40; ++i) hostnames += (i ? ", h" : "h") + std::to_string(i) + ".example.com";
  const std::string text =
      std::string("{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: a}, ") +
      "spec: {hostnames: [" + hostnames + "], rules: [{filters: [{type: RequestRedirect, " +
      "requestRedirect: {}}], backendRefs: [{name: a}]}]}}";
  EXPECT_EQ(errors_of(text).size(), 2u);
  EXPECT_EQ(decode_as<HTTPRoute>(text, DecodeMode::Lenient)->spec.hostnames.size(), 40u);
}

TEST(Decode, LenientStillRefusesWhatCannotBeKeptOrWouldDoHarm) {
  const auto errors = [](std::string_view spec) {
    return errors_of("{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: a}, spec: " +
                         std::string(spec) + "}",
                     DecodeMode::Lenient);
  };
  EXPECT_EQ(errors("{rules: {}}"), (Lines{"1:96: spec.rules: must be a list, not an object"}));
  EXPECT_EQ(errors("{rules: [{backendRefs: [{name: a, port: 70000}]}]}"),
            (Lines{"1:128: spec.rules[0].backendRefs[0].port: must be between 0 and 65535, not 70000"}));
  EXPECT_EQ(errors("{rules: [{filters: [{type: CORS}]}]}").size(), 1u);
  EXPECT_EQ(
      errors(
          R"({rules: [{filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: a, value: "b\r\nc"}]}}]}]})")
          .size(),
      1u);
  EXPECT_EQ(
      errors(
          R"({rules: [{filters: [{type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: a, value: " b  c "}]}}]}]})"),
      Lines{});
  EXPECT_EQ(errors(R"({rules: [{filters: [{type: RequestRedirect, requestRedirect: {hostname: "a\r\nb"}}]}]})").size(),
            1u);
}

TEST(Decode, QuotesOfForeignTextStayOnOneLineAndShort) {
  const auto lines =
      errors_of("{apiVersion: v1, kind: ConfigMap, metadata: {name: \"a\\n\\e\\\"" + std::string(100, 'x') + "\"}}");
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_NE(lines[0].find("\"a\\x0a\\x1b\\\"xxx"), std::string::npos) << lines[0];
  EXPECT_NE(lines[0].find("x...\""), std::string::npos) << lines[0];
  EXPECT_EQ(lines[0].find('\n'), std::string::npos);
}

TEST(Decode, FormatOfAnErrorOfTheWhole) {
  EXPECT_EQ(format_error("a.json", {{2, 3}, "", "text"}), "a.json:2:3: text");
  EXPECT_EQ(errors_of(kRoute), Lines{});
}

}  // namespace
}  // namespace cardea::api
