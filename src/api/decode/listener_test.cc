// SPDX-License-Identifier: Apache-2.0
// Listeners, the same in a Gateway and in a ListenerSet.
#include "api/decode/decoding.h"

namespace cardea::api {
namespace {

constexpr std::string_view kGateway =
    "{apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: {name: a}, spec: {gatewayClassName: c, "
    "listeners: @}}";
constexpr std::string_view kListenerSet =
    "{apiVersion: gateway.networking.k8s.io/v1, kind: ListenerSet, metadata: {name: a}, spec: {parentRef: {name: g}, "
    "listeners: @}}";

TEST(DecodeListenerSet, EveryField) {
  const auto made = decode_as<ListenerSet>(R"(apiVersion: gateway.networking.k8s.io/v1
kind: ListenerSet
metadata: {name: more}
spec:
  parentRef: {group: gateway.networking.k8s.io, kind: Gateway, namespace: infra, name: web}
  listeners:
  - {name: a, hostname: a.example.com, port: 80, protocol: HTTP}
)");
  EXPECT_EQ(made->spec.parent_ref, (ParentGatewayReference{"gateway.networking.k8s.io", "Gateway", "infra", "web"}));
  ASSERT_EQ(made->spec.listeners.size(), 1u);
  EXPECT_EQ(made->spec.listeners[0].hostname, "a.example.com");
}

TEST(DecodeListenerSet, Errors) {
  expect_errors(
      "{apiVersion: gateway.networking.k8s.io/v1, kind: ListenerSet, metadata: {name: a}, spec: @}",
      {
          {"{}", {"spec.listeners: is required", "spec.parentRef: is required"}},
          {"{parentRef: {}, listeners: [{name: a, port: 1, protocol: TCP}]}", {"spec.parentRef.name: is required"}},
          {"{parentRef: {name: a, port: 3}, listeners: [{name: a, port: 1, protocol: TCP}]}",
           {"spec.parentRef.port: no such field; allowed: group, kind, namespace, name"}},
      });
}

TEST(DecodeListener, Errors) {
  const std::vector<FragmentCase> cases{
      {"[{}]",
       {"spec.listeners[0].name: is required", "spec.listeners[0].port: is required",
        "spec.listeners[0].protocol: is required"}},
      {"[{name: A, port: 65536, protocol: '-'}]",
       {"spec.listeners[0].name: must be lower-case letters, digits, '-' and '.', as in \"http-1\", not \"A\"",
        "spec.listeners[0].port: must be between 1 and 65535, not 65536",
        "spec.listeners[0].protocol: must be HTTP, HTTPS, TLS, TCP, UDP or one with a domain, as in "
        "\"example.com/foo\", not \"-\""}},
      {"[{name: a, port: 80, protocol: HTTP, hostname: 'a.b:80'}]",
       {"spec.listeners[0].hostname: must be a lower-case host name without port, perhaps with \"*\" as its first "
        "label, "
        "not \"a.b:80\""}},
      {"[{name: a, port: 80, protocol: HTTP, tls: {certificateRefs: [{name: a}]}}]",
       {"spec.listeners[0].tls: must be left out for protocol HTTP"}},
      {"[{name: a, port: 80, protocol: TCP, tls: {certificateRefs: [{name: a}]}}]",
       {"spec.listeners[0].tls: must be left out for protocol TCP"}},
      {"[{name: a, port: 80, protocol: UDP, tls: {certificateRefs: [{name: a}]}}]",
       {"spec.listeners[0].tls: must be left out for protocol UDP"}},
      {"[{name: a, port: 80, protocol: a.b/c, tls: {certificateRefs: [{name: a}]}}]", {}},
      {"[{name: a, port: 80, protocol: HTTPS}]", {}},
      {"[{name: a, port: 80, protocol: HTTPS, tls: {certificateRefs: [{name: a}]}}]", {}},
      {"[{name: a, port: 80, protocol: HTTPS, tls: {mode: Passthrough}}]",
       {"spec.listeners[0].tls.mode: must be Terminate for protocol HTTPS"}},
      {"[{name: a, port: 80, protocol: TLS}]", {"spec.listeners[0].tls: is required for protocol TLS"}},
      {"[{name: a, port: 80, protocol: TLS, tls: {mode: Passthrough}}]", {}},
      {"[{name: a, port: 80, protocol: TLS, tls: {mode: Terminate, options: {a: b}}}]", {}},
      {"[{name: a, port: 80, protocol: TLS, tls: {}}]",
       {"spec.listeners[0].tls.certificateRefs: needs a certificate (or options must be given) when mode is "
        "Terminate"}},
      {"[{name: a, port: 80, protocol: TLS, tls: {mode: None}}]",
       {"spec.listeners[0].tls.mode: must be one of Terminate, Passthrough, not \"None\""}},
      {"[{name: a, port: 80, protocol: TCP, hostname: a.b}]",
       {"spec.listeners[0].hostname: must be left out for protocol TCP"}},
      {"[{name: a, port: 80, protocol: UDP, hostname: a.b}]",
       {"spec.listeners[0].hostname: must be left out for protocol UDP"}},
      {"[{name: a, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: None}}}]",
       {"spec.listeners[0].allowedRoutes.namespaces.from: must be one of Same, All, Selector, not \"None\""}},
      {"[{name: a, port: 80, protocol: HTTP, allowedRoutes: {kinds: [{group: a}]}}]",
       {"spec.listeners[0].allowedRoutes.kinds[0].kind: is required"}},
      {"[{name: a, port: 80, protocol: HTTP, allowedRoutes: {kinds: [{kind: A}, {kind: A}, {kind: A}, {kind: A}, "
       "{kind: "
       "A}, {kind: A}, {kind: A}, {kind: A}, {kind: A}]}}]",
       {"spec.listeners[0].allowedRoutes.kinds: must have at most 8 items, not 9"}},
      {"[{name: a, port: 80, protocol: HTTP}, {name: a, port: 81, protocol: HTTP}]",
       {"spec.listeners[1].name: must not repeat \"a\", which listeners[0] has already"}},
      {"[{name: a, port: 80, protocol: HTTP}, {name: b, port: 80, protocol: HTTP}]",
       {"spec.listeners[1]: must not have the same port, protocol and hostname together as listeners[0]"}},
      {"[{name: a, port: 80, protocol: HTTP, hostname: a.b}, {name: b, port: 80, protocol: HTTP, hostname: a.b}]",
       {"spec.listeners[1]: must not have the same port, protocol and hostname together as listeners[0]"}},
      {"[{name: a, port: 80, protocol: HTTP, hostname: a.b}, {name: b, port: 80, protocol: HTTP}, {name: c, port: 80, "
       "protocol: TCP}, {name: d, port: 81, protocol: HTTP}]",
       {}},
  };
  expect_errors(kGateway, cases);
  expect_errors(kListenerSet, cases);
}

TEST(DecodeListener, AtMost64) {
  const auto listeners = [](int count) {
    std::string text = "[";
    for (int i = 1; i <= count; ++i) {
      text += "{name: l" + std::to_string(i) + ", port: " + std::to_string(i) + ", protocol: HTTP},";
    }
    return text + "]";
  };
  const std::string full = listeners(64), too_many = listeners(65);
  expect_errors(kGateway,
                {{full.c_str(), {}}, {too_many.c_str(), {"spec.listeners: must have at most 64 items, not 65"}}});
}

}  // namespace
}  // namespace cardea::api
