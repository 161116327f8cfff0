// SPDX-License-Identifier: Apache-2.0
#include "api/decode/decoding.h"

namespace cardea::api {
namespace {

TEST(DecodeBackendTLSPolicy, EveryField) {
  const auto made = decode_as<BackendTLSPolicy>(R"(apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: {name: secure}
spec:
  targetRefs:
  - {group: "", kind: Service, name: cart, sectionName: https}
  - {group: "", kind: Service, name: cart, sectionName: admin}
  - {group: "", kind: Service, name: other}
  validation:
    caCertificateRefs: [{group: "", kind: ConfigMap, name: ca}]
    hostname: cart.example.com
    subjectAltNames:
    - {type: Hostname, hostname: "*.example.com"}
    - {type: URI, uri: "spiffe://example.com/cart"}
  options: {example.com/min-version: "1.3"}
)");
  EXPECT_EQ(made->spec.target_refs,
            (std::vector<PolicyTargetReference>{
                {"", "Service", "cart", "https"}, {"", "Service", "cart", "admin"}, {"", "Service", "other", ""}}));
  const BackendTLSPolicyValidation& validation = made->spec.validation;
  EXPECT_EQ(validation.ca_certificate_refs, (std::vector<LocalObjectReference>{{"", "ConfigMap", "ca"}}));
  EXPECT_EQ(validation.well_known_ca_certificates, "");
  EXPECT_EQ(validation.hostname, "cart.example.com");
  EXPECT_EQ(validation.subject_alt_names,
            (std::vector<SubjectAltName>{{SubjectAltNameType::Hostname, "*.example.com"},
                                         {SubjectAltNameType::URI, "spiffe://example.com/cart"}}));
  EXPECT_EQ(made->spec.options, (StringMap{{"example.com/min-version", "1.3"}}));
}

TEST(DecodeBackendTLSPolicy, Targets) {
  const auto error = [](const char* earlier) {
    return std::vector<std::string>{
        std::string("spec.targetRefs[1]: must have a sectionName, and another than targetRefs[") + earlier +
        "], which has the same target and needs one too"};
  };
  expect_errors(
      "{apiVersion: gateway.networking.k8s.io/v1, kind: BackendTLSPolicy, metadata: {name: a}, spec: {validation: "
      "{hostname: a.b, wellKnownCACertificates: System}, targetRefs: @}}",
      {
          {"[{group: '', kind: A, name: a}, {group: '', kind: A, name: b}]", {}},
          {"[{group: '', kind: A, name: a, sectionName: c}, {group: '', kind: A, name: a, sectionName: d}]", {}},
          {"[{group: '', kind: A, name: a}, {group: '', kind: A, name: a}]", error("0")},
          {"[{group: '', kind: A, name: a}, {group: '', kind: A, name: a, sectionName: d}]", error("0")},
          {"[{group: '', kind: A, name: a, sectionName: d}, {group: '', kind: A, name: a, sectionName: d}]",
           error("0")},
          {"[]", {"spec.targetRefs: must have at least 1 item, not 0"}},
          {"[{kind: A}]", {"spec.targetRefs[0].group: is required", "spec.targetRefs[0].name: is required"}},
      });
}

TEST(DecodeBackendTLSPolicy, Validation) {
  const std::string at = "spec.validation";
  expect_errors(
      "{apiVersion: gateway.networking.k8s.io/v1, kind: BackendTLSPolicy, metadata: {name: a}, spec: {targetRefs: "
      "[{group: "
      "'', kind: Service, name: a}], validation: @}}",
      {
          {"{hostname: a.b, wellKnownCACertificates: System}", {}},
          {"{hostname: a.b, wellKnownCACertificates: example.com/set_1}", {}},
          {"{hostname: a.b, caCertificateRefs: [{group: '', kind: ConfigMap, name: a}]}", {}},
          {"{}", {at + ".hostname: is required"}},
          {"{hostname: a.b}", {at + ": must have caCertificateRefs or wellKnownCACertificates"}},
          {"{hostname: a.b, caCertificateRefs: []}", {at + ": must have caCertificateRefs or wellKnownCACertificates"}},
          {"{hostname: a.b, wellKnownCACertificates: System, caCertificateRefs: [{group: '', kind: ConfigMap, name: "
           "a}]}",
           {at + ".wellKnownCACertificates: must be left out when caCertificateRefs are given"}},
          {"{hostname: a.b, wellKnownCACertificates: Mine}",
           {at + ".wellKnownCACertificates: must be System or a name with a domain, as in \"example.com/set\", not "
                 "\"Mine\""}},
          {"{hostname: '*.a.b', wellKnownCACertificates: System}",
           {at + ".hostname: must be a lower-case host name without port or wildcard, not \"*.a.b\""}},
          {"{hostname: a.b, wellKnownCACertificates: System, subjectAltNames: [{type: Hostname}]}",
           {at + ".subjectAltNames[0].hostname: is required for type Hostname"}},
          {"{hostname: a.b, wellKnownCACertificates: System, subjectAltNames: [{type: URI}]}",
           {at + ".subjectAltNames[0].uri: is required for type URI"}},
          {"{hostname: a.b, wellKnownCACertificates: System, subjectAltNames: [{type: Hostname, hostname: a, uri: "
           "'a://b'}]}",
           {at + ".subjectAltNames[0].uri: must be left out unless type is URI"}},
          {"{hostname: a.b, wellKnownCACertificates: System, subjectAltNames: [{type: URI, hostname: a, uri: "
           "'a://b'}]}",
           {at + ".subjectAltNames[0].hostname: must be left out unless type is Hostname"}},
          {"{hostname: a.b, wellKnownCACertificates: System, subjectAltNames: [{type: IP, uri: 'a:b'}]}",
           {at + ".subjectAltNames[0].type: must be one of Hostname, URI, not \"IP\"",
            at + ".subjectAltNames[0].uri: must be a URI with scheme and authority, as in \"spiffe://domain/id\", not "
                 "\"a:b\""}},
      });
}

}  // namespace
}  // namespace cardea::api
