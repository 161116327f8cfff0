// SPDX-License-Identifier: Apache-2.0
// TLSRoute, TCPRoute and UDPRoute.
#include "api/decode/decoding.h"

namespace cardea::api {
namespace {

std::string l4_frame(std::string_view kind, std::string_view version) {
  return "{apiVersion: gateway.networking.k8s.io/" + std::string(version) + ", kind: " + std::string(kind) +
         ", metadata: {name: a}, spec: {@}}";
}

TEST(DecodeTLSRoute, EveryField) {
  const auto made = decode_as<TLSRoute>(R"(apiVersion: gateway.networking.k8s.io/v1
kind: TLSRoute
metadata: {name: pass}
spec:
  useDefaultGateways: All
  parentRefs: [{name: web}]
  hostnames: [a.example.com, "*.b.example.com"]
  rules:
  - name: only
    backendRefs: [{name: a, port: 443, weight: 2}, {name: b, namespace: c, port: 443}]
)");
  EXPECT_EQ(made->spec.use_default_gateways, DefaultScope::All);
  EXPECT_EQ(made->spec.parent_refs.size(), 1u);
  EXPECT_EQ(made->spec.hostnames, (std::vector<std::string>{"a.example.com", "*.b.example.com"}));
  ASSERT_EQ(made->spec.rules.size(), 1u);
  EXPECT_EQ(made->spec.rules[0].name, "only");
  EXPECT_EQ(made->spec.rules[0].backend_refs,
            (std::vector<BackendRef>{{{"", "Service", "", "a", std::uint16_t{443}}, 2},
                                     {{"", "Service", "c", "b", std::uint16_t{443}}, 1}}));
}

TEST(DecodeTLSRoute, Hostnames) {
  expect_errors(l4_frame("TLSRoute", "v1"),
                {
                    {"hostnames: [a.b, '*.c'], rules: [{backendRefs: [{name: a, port: 1}]}]", {}},
                    {"rules: [{backendRefs: [{name: a, port: 1}]}]", {"spec.hostnames: is required"}},
                    {"hostnames: [], rules: [{backendRefs: [{name: a, port: 1}]}]",
                     {"spec.hostnames: must have at least 1 item, not 0"}},
                    {"hostnames: [a, 192.0.2.1], rules: [{backendRefs: [{name: a, port: 1}]}]",
                     {"spec.hostnames[1]: must be a name, not an IP address"}},
                    {"hostnames: ['a.*'], rules: [{backendRefs: [{name: a, port: 1}]}]",
                     {"spec.hostnames[0]: must be a lower-case host name without port, perhaps with \"*\" as its first "
                      "label, not \"a.*\""}},
                });
  expect_errors(l4_frame("TLSRoute", "v1alpha2"),
                {{"hostnames: [192.0.2.1], rules: [{backendRefs: [{name: a, port: 1}]}]", {}},
                 {"rules: [{backendRefs: [{name: a, port: 1}]}]", {}}});
}

TEST(DecodeL4Route, Rules) {
  for (const std::string_view kind : {"TCPRoute", "UDPRoute", "TLSRoute"}) {
    for (const std::string_view version : {"v1", "v1alpha2"}) {
      std::string frame = l4_frame(kind, version);
      if (kind == "TLSRoute") frame.insert(frame.find('@'), "hostnames: [a.b], ");
      expect_errors(frame,
                    {
                        {"rules: [{backendRefs: [{name: a, port: 1}]}]", {}},
                        {"rules: [{name: A, backendRefs: []}]",
                         {"spec.rules[0].name: must be lower-case letters, digits, '-' and '.', as in \"http-1\", "
                          "not \"A\"",
                          "spec.rules[0].backendRefs: must have at least 1 item, not 0"}},
                        {"rules: [{}]", {"spec.rules[0].backendRefs: is required"}},
                        {"rules: []", {"spec.rules: must have at least 1 item, not 0"}},
                        {"rules: [{backendRefs: [{name: a}]}]",
                         {"spec.rules[0].backendRefs[0].port: is required when the backend is a Service"}},
                        {"rules: [{backendRefs: [{name: a, port: 1, filters: []}]}]",
                         {"spec.rules[0].backendRefs[0].filters: no such field; allowed: group, kind, name, "
                          "namespace, port, weight"}},
                    });
      const char* const two =
          "rules: [{name: a, backendRefs: [{name: a, port: 1}]}, {name: b, backendRefs: [{name: a, port: 1}]}]";
      const char* const same =
          "rules: [{name: a, backendRefs: [{name: a, port: 1}]}, {name: a, backendRefs: [{name: a, port: 1}]}]";
      if (version == "v1") {
        expect_errors(frame, {{two, {"spec.rules: must have at most 1 item, not 2"}}});
      } else {
        expect_errors(frame,
                      {{two, {}}, {same, {"spec.rules[1].name: must not repeat \"a\", which rules[0] has already"}}});
      }
    }
  }
}

TEST(DecodeL4Route, RulesAreRequired) {
  expect_errors(l4_frame("TCPRoute", "v1"),
                {{"", {"spec.rules: is required"}},
                 {"hostnames: [a], rules: [{backendRefs: [{name: a, port: 1}]}]",
                  {"spec.hostnames: no such field; allowed: parentRefs, useDefaultGateways, rules"}}});
}

}  // namespace
}  // namespace cardea::api
