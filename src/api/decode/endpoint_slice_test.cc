// SPDX-License-Identifier: Apache-2.0
#include "api/decode/decoding.h"

namespace cardea::api {
namespace {

TEST(DecodeEndpointSlice, EveryFieldThatMatters) {
  const auto made = decode_as<EndpointSlice>(R"(apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: cart-1, namespace: shop, labels: {kubernetes.io/service-name: cart}}
addressType: IPv4
endpoints:
- addresses: [127.0.0.1, 10.0.0.2]
  conditions: {ready: true, serving: true, terminating: false}
  zone: a
  nodeName: n1
  hostname: h
  targetRef: {kind: Pod, name: p}
  deprecatedTopology: {}
  hints: {forZones: [{name: a}]}
- addresses: [10.0.0.3]
  conditions: {ready: false, terminating: true}
- addresses: [10.0.0.4]
ports:
- {name: http, port: 8080, protocol: TCP, appProtocol: http}
- {name: ""}
)");
  EXPECT_EQ(made->service_name(), "cart");
  EXPECT_EQ(made->address_type, EndpointAddressType::IPv4);
  ASSERT_EQ(made->endpoints.size(), 3u);
  EXPECT_EQ(made->endpoints[0], (SliceEndpoint{{"127.0.0.1", "10.0.0.2"}, {true, true, false}, "a", "n1"}));
  EXPECT_FALSE(made->endpoints[1].conditions.is_ready());
  EXPECT_FALSE(made->endpoints[1].conditions.is_serving());
  EXPECT_TRUE(made->endpoints[1].conditions.is_terminating());
  EXPECT_TRUE(made->endpoints[2].conditions.is_ready());
  EXPECT_TRUE(made->endpoints[2].conditions.is_serving());
  EXPECT_FALSE(made->endpoints[2].conditions.is_terminating());
  EXPECT_EQ(made->ports, (std::vector<EndpointPort>{{"http", std::uint16_t{8080}, TransportProtocol::TCP, "http"},
                                                    {"", std::nullopt, TransportProtocol::TCP, ""}}));
}

TEST(DecodeEndpointSlice, NoServiceWithoutTheLabel) {
  EXPECT_EQ(decode_as<EndpointSlice>("{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: a}, "
                                     "addressType: FQDN, endpoints: null, ports: null}")
                ->service_name(),
            "");
}

TEST(DecodeEndpointSlice, Errors) {
  expect_errors(
      "{apiVersion: discovery.k8s.io/v1, kind: EndpointSlice, metadata: {name: a}, @}",
      {
          {"addressType: IPv6, endpoints: [{addresses: ['::1']}]", {}},
          {"addressType: FQDN, endpoints: [{addresses: [a.example.com]}]", {}},
          {"endpoints: []", {"addressType: is required"}},
          {"addressType: IP", {"addressType: must be one of IPv4, IPv6, FQDN, not \"IP\""}},
          {"addressType: IPv4, endpoints: [{}]", {"endpoints[0].addresses: is required"}},
          {"addressType: IPv4, endpoints: [{addresses: []}]",
           {"endpoints[0].addresses: must have at least 1 item, not 0"}},
          {"addressType: IPv4, endpoints: [{addresses: [10.0.0.1]}, {addresses: ['::1']}]",
           {"endpoints[1].addresses[0]: must be an IP address for addressType IPv4, not \"::1\""}},
          {"addressType: IPv6, endpoints: [{addresses: [10.0.0.1]}]",
           {"endpoints[0].addresses[0]: must be an IP address for addressType IPv6, not \"10.0.0.1\""}},
          {"addressType: FQDN, endpoints: [{addresses: [A_b]}]",
           {"endpoints[0].addresses[0]: must be a domain name for addressType FQDN, not \"A_b\""}},
          {"addressType: IPv4, ports: [{name: a, port: 1}, {name: a, port: 2}]",
           {"ports[1].name: must not repeat \"a\", which ports[0] has already"}},
          {"addressType: IPv4, ports: [{port: 65536}]", {"ports[0].port: must be between 1 and 65535, not 65536"}},
          {"addressType: IPv4, endpoints: [{addresses: [10.0.0.1], conditions: {ready: 'true'}}]",
           {"endpoints[0].conditions.ready: must be true or false, not the text \"true\""}},
      });
}

}  // namespace
}  // namespace cardea::api
