// SPDX-License-Identifier: Apache-2.0
#include "api/decode/decoding.h"

namespace cardea::api {
namespace {

TEST(DecodeGatewayClass, EveryField) {
  const auto made = decode_as<GatewayClass>(R"(apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: ecommerce}
spec:
  controllerName: cardea.dev/gateway-controller
  description: the shop's gateways
  parametersRef: {group: cardea.dev, kind: GatewayParameters, name: big, namespace: infra}
)");
  EXPECT_EQ(made->metadata.name, "ecommerce");
  EXPECT_EQ(made->metadata.namespace_, "");
  EXPECT_EQ(made->spec.controller_name, "cardea.dev/gateway-controller");
  EXPECT_EQ(made->spec.description, "the shop's gateways");
  EXPECT_EQ(made->spec.parameters_ref, (ObjectReference{"cardea.dev", "GatewayParameters", "infra", "big"}));
}

TEST(DecodeGatewayClass, Errors) {
  const std::string long_text(65, 'x');
  const std::string long_description = "{controllerName: a/b, description: " + long_text + "}";
  expect_errors("{apiVersion: gateway.networking.k8s.io/v1, kind: GatewayClass, metadata: {name: a}, spec: @}",
                {
                    {"{controllerName: example.net/a/b_c~d}", {}},
                    {"{}", {"spec.controllerName: is required"}},
                    {"{controllerName: example}",
                     {"spec.controllerName: must be a domain and a path, as in \"example.net/controller\", not "
                      "\"example\""}},
                    {"{controllerName: example.net/}",
                     {"spec.controllerName: must be a domain and a path, as in \"example.net/controller\", not "
                      "\"example.net/\""}},
                    {long_description.c_str(), {"spec.description: must have at most 64 characters, not 65"}},
                    {"{controllerName: a/b, parametersRef: {group: '', kind: ConfigMap}}",
                     {"spec.parametersRef.name: is required"}},
                    {"{controllerName: a/b, parametersRef: {name: c, group: A, kind: 1a}}",
                     {"spec.parametersRef.group: must be empty or a lower-case domain name, as in "
                      "\"gateway.networking.k8s.io\", not \"A\"",
                      "spec.parametersRef.kind: must be letters, digits and '-', starting with a letter, not \"1a\""}},
                });
  EXPECT_EQ(errors_of("{apiVersion: gateway.networking.k8s.io/v1, kind: GatewayClass, metadata: {name: a}}"),
            (std::vector<std::string>{"1:1: spec: is required"}));
}

}  // namespace
}  // namespace cardea::api
