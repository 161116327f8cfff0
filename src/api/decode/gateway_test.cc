// SPDX-License-Identifier: Apache-2.0
#include "api/decode/decoding.h"

namespace cardea::api {
namespace {

constexpr std::string_view kFull = R"(apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: web, namespace: infra}
spec:
  gatewayClassName: ecommerce
  defaultScope: All
  addresses:
  - {value: 192.0.2.1}
  - {type: IPAddress, value: "2001:db8::1"}
  - {type: Hostname, value: "*.example.com"}
  - {type: Hostname}
  - {type: NamedAddress, value: any text}
  - {type: example.com/pool, value: blue}
  infrastructure:
    labels: {team: web, example.com/stage: ""}
    annotations: {example.com/note: any text at all}
    parametersRef: {group: cardea.dev, kind: GatewayParameters, name: big}
  allowedListeners:
    namespaces:
      from: Selector
      selector:
        matchLabels: {team: web}
        matchExpressions:
        - {key: stage, operator: In, values: [live, test]}
        - {key: old, operator: DoesNotExist}
  tls:
    backend:
      clientCertificateRef: {name: client, namespace: certs}
    frontend:
      default:
        validation:
          caCertificateRefs: [{group: "", kind: ConfigMap, name: ca, namespace: certs}]
      perPort:
      - port: 8443
        tls:
          validation:
            caCertificateRefs: [{group: "", kind: ConfigMap, name: other}]
            mode: AllowInsecureFallback
      - {port: 9443, tls: {}}
  listeners:
  - name: http
    port: 80
    protocol: HTTP
  - name: https.1
    hostname: "*.example.com"
    port: 443
    protocol: HTTPS
    tls:
      mode: Terminate
      certificateRefs: [{name: cert}, {group: "", kind: Secret, name: cert, namespace: certs}]
      options: {example.com/min: "1.3"}
    allowedRoutes:
      namespaces: {from: Selector, selector: {matchLabels: {a: b}}}
      kinds: [{kind: HTTPRoute}, {group: example.com, kind: Other}]
  - {name: pass, port: 443, protocol: TLS, tls: {mode: Passthrough}, allowedRoutes: {namespaces: {from: All}}}
  - {name: own, port: 9, protocol: example.com/foo}
  - {name: word, port: 9, protocol: HTTP-3}
)";

TEST(DecodeGateway, EveryField) {
  for (const DecodeMode mode : {DecodeMode::Strict, DecodeMode::Lenient}) {
    const auto made = decode_as<Gateway>(kFull, mode);
    const GatewaySpec& spec = made->spec;
    EXPECT_EQ(spec.gateway_class_name, "ecommerce");
    EXPECT_EQ(spec.default_scope, DefaultScope::All);
    ASSERT_EQ(spec.addresses.size(), 6u);
    EXPECT_EQ(spec.addresses[0], (GatewayAddress{AddressType::IPAddress, "192.0.2.1"}));
    EXPECT_EQ(spec.addresses[2], (GatewayAddress{AddressType::Hostname, "*.example.com"}));
    EXPECT_EQ(spec.addresses[3], (GatewayAddress{AddressType::Hostname, ""}));
    EXPECT_EQ(spec.addresses[4], (GatewayAddress{AddressType::NamedAddress, "any text"}));
    EXPECT_EQ(spec.addresses[5], (GatewayAddress{Enum<AddressType>::unknown("example.com/pool"), "blue"}));
    EXPECT_EQ(spec.infrastructure->labels, (StringMap{{"team", "web"}, {"example.com/stage", ""}}));
    EXPECT_EQ(spec.infrastructure->annotations, (StringMap{{"example.com/note", "any text at all"}}));
    EXPECT_EQ(spec.infrastructure->parameters_ref, (LocalObjectReference{"cardea.dev", "GatewayParameters", "big"}));
    EXPECT_EQ(spec.allowed_listeners.namespaces.from, FromNamespaces::Selector);
    ASSERT_TRUE(spec.allowed_listeners.namespaces.selector.has_value());
    const LabelSelector& selector = *spec.allowed_listeners.namespaces.selector;
    EXPECT_TRUE(selector.matches({{"team", "web"}, {"stage", "live"}}));
    EXPECT_FALSE(selector.matches({{"team", "web"}, {"stage", "live"}, {"old", ""}}));
  }
}

TEST(DecodeGateway, Tls) {
  const auto made = decode_as<Gateway>(kFull);
  const GatewayTLSConfig& tls = *made->spec.tls;
  EXPECT_EQ(tls.backend->client_certificate_ref, (SecretObjectReference{"", "Secret", "certs", "client"}));
  ASSERT_TRUE(tls.frontend && tls.frontend->default_.validation);
  EXPECT_EQ(tls.frontend->default_.validation->ca_certificate_refs,
            (std::vector<ObjectReference>{{"", "ConfigMap", "certs", "ca"}}));
  EXPECT_EQ(tls.frontend->default_.validation->mode, FrontendValidationMode::AllowValidOnly);
  ASSERT_EQ(tls.frontend->per_port.size(), 2u);
  EXPECT_EQ(tls.frontend->per_port[0].port, 8443);
  EXPECT_EQ(tls.frontend->per_port[0].tls.validation->mode, FrontendValidationMode::AllowInsecureFallback);
  EXPECT_FALSE(tls.frontend->per_port[1].tls.validation.has_value());
}

TEST(DecodeGateway, Listeners) {
  const auto made = decode_as<Gateway>(kFull);
  ASSERT_EQ(made->spec.listeners.size(), 5u);
  const Listener& http = made->spec.listeners[0];
  EXPECT_EQ(http.name, "http");
  EXPECT_EQ(http.hostname, "");
  EXPECT_EQ(http.port, 80);
  EXPECT_EQ(http.protocol, ProtocolType::HTTP);
  EXPECT_FALSE(http.tls.has_value());
  EXPECT_EQ(http.allowed_routes.namespaces.from, FromNamespaces::Same);
  EXPECT_TRUE(http.allowed_routes.kinds.empty());

  const Listener& https = made->spec.listeners[1];
  EXPECT_EQ(https.hostname, "*.example.com");
  EXPECT_EQ(https.tls->certificate_refs,
            (std::vector<SecretObjectReference>{{"", "Secret", "", "cert"}, {"", "Secret", "certs", "cert"}}));
  EXPECT_EQ(https.tls->options, (StringMap{{"example.com/min", "1.3"}}));
  EXPECT_EQ(https.allowed_routes.namespaces.from, FromNamespaces::Selector);
  EXPECT_TRUE(https.allowed_routes.namespaces.selector->matches({{"a", "b"}}));
  EXPECT_EQ(https.allowed_routes.kinds,
            (std::vector<RouteGroupKind>{{"gateway.networking.k8s.io", "HTTPRoute"}, {"example.com", "Other"}}));

  EXPECT_EQ(made->spec.listeners[2].tls->mode, TLSModeType::Passthrough);
  EXPECT_EQ(made->spec.listeners[2].allowed_routes.namespaces.from, FromNamespaces::All);
  EXPECT_EQ(made->spec.listeners[3].protocol, Enum<ProtocolType>::unknown("example.com/foo"));
  EXPECT_EQ(made->spec.listeners[4].protocol, Enum<ProtocolType>::unknown("HTTP-3"));
}

TEST(DecodeGateway, WhatIsAbsent) {
  const auto made = decode_as<Gateway>(
      "{apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: {name: a}, spec: {gatewayClassName: c, "
      "listeners: [{name: a, port: 1, protocol: TCP}]}}");
  EXPECT_EQ(made->spec.allowed_listeners.namespaces.from, FromNamespaces::None);
  EXPECT_EQ(made->spec.default_scope, DefaultScope::None);
  EXPECT_FALSE(made->spec.tls.has_value());
  EXPECT_FALSE(made->spec.infrastructure.has_value());
}

TEST(DecodeGateway, Errors) {
  const std::string many_labels = "infrastructure: {labels: {a: b, c: d, e: f, g: h, i: j, k: l, m: n1, o: p, q: r}}";
  expect_errors(
      "{apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: {name: a}, spec: {gatewayClassName: c, "
      "listeners: [{name: a, port: 80, protocol: HTTP}], @}}",
      {
          {"addresses: [{value: 10.0.0.1}, {value: 10.0.0.2}, {type: Hostname, value: a.b}, {}, {}]", {}},
          {"addresses: [{value: 10.0.0.1}, {value: 10.0.0.2}, {value: 10.0.0.1}]",
           {"spec.addresses[2].value: must not be given twice: \"10.0.0.1\""}},
          {"addresses: [{type: Hostname, value: a.b}, {type: Hostname, value: a.b}]",
           {"spec.addresses[1].value: must not be given twice: \"a.b\""}},
          {"addresses: [{type: x.y/z, value: a.b}, {type: x.y/z, value: a.b}]", {}},
          {"addresses: [{value: 1.2.3.4:80}]",
           {"spec.addresses[0].value: must be an IPv4 or IPv6 address for type IPAddress, not \"1.2.3.4:80\""}},
          {"addresses: [{type: Hostname, value: 'a.b:80'}]",
           {"spec.addresses[0].value: must be a lower-case host name for type Hostname, not \"a.b:80\""}},
          {"addresses: [{type: other, value: a}]",
           {"spec.addresses[0].type: must be IPAddress, Hostname, NamedAddress or one with a domain, as in "
            "\"example.com/type\", not \"other\""}},
          {"defaultScope: Some", {"spec.defaultScope: must be one of None, All, not \"Some\""}},
          {many_labels.c_str(), {"spec.infrastructure.labels: must have at most 8 entries, not 9"}},
          {"infrastructure: {labels: {a/b/c: d}}",
           {"spec.infrastructure.labels[\"a/b/c\"]: its key must be a name of up to 63 letters, digits, '-', '_' and "
            "'.', "
            "perhaps after a lower-case domain and '/', not \"a/b/c\""}},
          {"infrastructure: {labels: {a: b c}}",
           {"spec.infrastructure.labels.a: must be empty, or letters, digits, '-', '_' and '.' that start and end with "
            "a "
            "letter or digit, not \"b c\""}},
          {"infrastructure: {annotations: {A.B/c: d}}",
           {"spec.infrastructure.annotations[\"A.B/c\"]: its key must be a name of up to 63 letters, digits, '-', '_' "
            "and "
            "'.', perhaps after a lower-case domain and '/', not \"A.B/c\""}},
          {"allowedListeners: {namespaces: {from: None}}", {}},
          {"allowedListeners: {namespaces: {from: Some}}",
           {"spec.allowedListeners.namespaces.from: must be one of Same, All, Selector, None, not \"Some\""}},
          {"allowedListeners: {namespaces: {from: Selector, selector: {matchExpressions: [{key: a, operator: In}]}}}",
           {"spec.allowedListeners.namespaces.selector.matchExpressions[0].values: must not be empty for In and "
            "NotIn"}},
          {"allowedListeners: {namespaces: {from: Selector, selector: {matchExpressions: [{key: a, operator: Exists, "
           "values: [b]}]}}}",
           {"spec.allowedListeners.namespaces.selector.matchExpressions[0].values: must be empty for Exists and "
            "DoesNotExist"}},
          {"allowedListeners: {namespaces: {from: Selector, selector: {matchExpressions: [{key: a, operator: Is}]}}}",
           {"spec.allowedListeners.namespaces.selector.matchExpressions[0].operator: must be one of In, NotIn, Exists, "
            "DoesNotExist, not \"Is\""}},
          {"tls: {frontend: {}}", {"spec.tls.frontend.default: is required"}},
          {"tls: {frontend: {default: {}, perPort: [{port: 1, tls: {}}, {port: 2, tls: {}}]}}", {}},
          {"tls: {frontend: {default: {}, perPort: [{port: 1, tls: {}}, {port: 1, tls: {}}]}}",
           {"spec.tls.frontend.perPort[1].port: must not repeat \"1\", which perPort[0] has already"}},
          {"tls: {frontend: {default: {}, perPort: [{port: 0}]}}",
           {"spec.tls.frontend.perPort[0].tls: is required",
            "spec.tls.frontend.perPort[0].port: must be between 1 and 65535, not 0"}},
          {"tls: {frontend: {default: {validation: {caCertificateRefs: []}}}}",
           {"spec.tls.frontend.default.validation.caCertificateRefs: must have at least 1 item, not 0"}},
          {"tls: {frontend: {default: {validation: {mode: None, caCertificateRefs: [{name: a}]}}}}",
           {"spec.tls.frontend.default.validation.mode: must be one of AllowValidOnly, AllowInsecureFallback, not "
            "\"None\"",
            "spec.tls.frontend.default.validation.caCertificateRefs[0].group: is required",
            "spec.tls.frontend.default.validation.caCertificateRefs[0].kind: is required"}},
          {"tls: {backend: {clientCertificateRef: {}}}", {"spec.tls.backend.clientCertificateRef.name: is required"}},
      });
}

TEST(DecodeGateway, ListenersAreRequired) {
  expect_errors("{apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: {name: a}, spec: @}",
                {
                    {"{}", {"spec.gatewayClassName: is required", "spec.listeners: is required"}},
                    {"{gatewayClassName: a, listeners: []}", {"spec.listeners: must have at least 1 item, not 0"}},
                });
}

}  // namespace
}  // namespace cardea::api
