// SPDX-License-Identifier: Apache-2.0
#include "api/decode/decoding.h"

namespace cardea::api {
namespace {

TEST(DecodeService, EveryFieldThatMatters) {
  const auto made = decode_as<Service>(R"(apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec:
  type: LoadBalancer
  clusterIP: 10.96.0.1
  selector: {app: cart}
  ports:
  - {name: http, port: 80, targetPort: 8080, protocol: TCP, appProtocol: kubernetes.io/h2c, nodePort: 30080}
  - {name: admin, port: 81, targetPort: web-admin}
  - {name: dns, port: 53, protocol: UDP}
  clusterIPs: [10.96.0.1]
  externalIPs: []
  sessionAffinity: ClientIP
  sessionAffinityConfig: {clientIP: {timeoutSeconds: 10}}
  loadBalancerIP: 192.0.2.1
  loadBalancerSourceRanges: [192.0.2.0/24]
  loadBalancerClass: example.com/lb
  externalTrafficPolicy: Local
  internalTrafficPolicy: Cluster
  healthCheckNodePort: 30000
  publishNotReadyAddresses: true
  ipFamilies: [IPv4]
  ipFamilyPolicy: SingleStack
  allocateLoadBalancerNodePorts: true
  trafficDistribution: PreferClose
status: {loadBalancer: {}}
)");
  const ServiceSpec& spec = made->spec;
  EXPECT_EQ(spec.type, ServiceType::LoadBalancer);
  EXPECT_EQ(spec.cluster_ip, "10.96.0.1");
  EXPECT_EQ(spec.selector, (StringMap{{"app", "cart"}}));
  EXPECT_EQ(spec.session_affinity, ServiceAffinity::ClientIP);
  EXPECT_EQ(spec.ports,
            (std::vector<ServicePort>{{"http", 80, std::uint16_t{8080}, TransportProtocol::TCP, "kubernetes.io/h2c"},
                                      {"admin", 81, std::string("web-admin"), TransportProtocol::TCP, ""},
                                      {"dns", 53, std::uint16_t{53}, TransportProtocol::UDP, ""}}));
}

TEST(DecodeService, Errors) {
  expect_errors(
      "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: @}",
      {
          {"{ports: [{port: 80}]}", {}},
          {"{clusterIP: None}", {}},
          {"{type: ExternalName, externalName: a.example.com}", {}},
          {"{}", {"spec.ports: must have at least one port"}},
          {"{type: ExternalName}", {"spec.externalName: is required for type ExternalName"}},
          {"{type: Other, ports: [{}]}",
           {"spec.type: must be one of ClusterIP, NodePort, LoadBalancer, ExternalName, not \"Other\"",
            "spec.ports[0].port: is required"}},
          {"{clusterIP: here, ports: [{port: 1}]}", {"spec.clusterIP: must be an IP address or None, not \"here\""}},
          {"{ports: [{port: 80}, {name: b, port: 81}]}",
           {"spec.ports[0].name: is required when there are several ports"}},
          {"{ports: [{name: a, port: 80}, {name: a, port: 81}]}",
           {"spec.ports[1].name: must not repeat \"a\", which ports[0] has already"}},
          {"{ports: [{name: a, port: 80}, {name: b, port: 80}]}",
           {"spec.ports[1].port: must not repeat \"80/TCP\", which ports[0] has already"}},
          {"{ports: [{name: a, port: 80}, {name: b, port: 80, protocol: UDP}]}", {}},
          {"{ports: [{port: 80, targetPort: 0}]}", {"spec.ports[0].targetPort: must be between 1 and 65535, not 0"}},
          {"{ports: [{port: 80, targetPort: '8080'}]}",
           {"spec.ports[0].targetPort: must be a port's name of at most 15 lower-case letters, digits and '-', not "
            "\"8080\""}},
          {"{ports: [{port: 80, targetPort: []}]}",
           {"spec.ports[0].targetPort: must be a port number or a port's name, not a list"}},
          {"{ports: [{port: 80, protocol: HTTP}]}",
           {"spec.ports[0].protocol: must be one of TCP, UDP, SCTP, not \"HTTP\""}},
          {"{ports: [{port: 80, name: A}]}",
           {"spec.ports[0].name: must be lower-case letters, digits and '-', not \"A\""}},
          {"{ports: [{port: 80, appProtocol: a/b/c}]}",
           {"spec.ports[0].appProtocol: must be a name of up to 63 letters, digits, '-', '_' and '.', perhaps after a "
            "lower-case domain and '/', not \"a/b/c\""}},
          {"{ports: [{port: 80}], publishNotReadyAddresses: maybe}",
           {"spec.publishNotReadyAddresses: must be true or false, not the text \"maybe\""}},
      });
  EXPECT_EQ(
      errors_of("{apiVersion: v1, kind: Service, metadata: {name: 1a}, spec: {ports: [{port: 1}]}}"),
      (std::vector<std::string>{"1:50: metadata.name: must be lower-case letters, digits and '-', starting with a "
                                "letter, not \"1a\""}));
}

}  // namespace
}  // namespace cardea::api
