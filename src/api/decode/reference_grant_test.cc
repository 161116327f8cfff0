// SPDX-License-Identifier: Apache-2.0
#include "api/decode/decoding.h"

namespace cardea::api {
namespace {

TEST(DecodeReferenceGrant, EveryField) {
  const auto made = decode_as<ReferenceGrant>(R"(apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: {name: allow, namespace: backend}
spec:
  from:
  - {group: gateway.networking.k8s.io, kind: HTTPRoute, namespace: web}
  to:
  - {group: "", kind: Service}
  - {group: "", kind: Secret, name: one}
)");
  EXPECT_EQ(made->spec.from, (std::vector<ReferenceGrantFrom>{{"gateway.networking.k8s.io", "HTTPRoute", "web"}}));
  EXPECT_EQ(made->spec.to, (std::vector<ReferenceGrantTo>{{"", "Service", ""}, {"", "Secret", "one"}}));
}

TEST(DecodeReferenceGrant, Errors) {
  std::string many = "{from: [";
  for (int i = 0; i < 17; ++i) many += "{group: '', kind: A, namespace: b},";
  many += "], to: [{group: '', kind: Service}]}";
  expect_errors(
      "{apiVersion: gateway.networking.k8s.io/v1, kind: ReferenceGrant, metadata: {name: a}, spec: @}",
      {
          {"{}", {"spec.from: is required", "spec.to: is required"}},
          {"{from: [], to: []}",
           {"spec.from: must have at least 1 item, not 0", "spec.to: must have at least 1 item, not 0"}},
          {"{from: [{}], to: [{}]}",
           {"spec.from[0].group: is required", "spec.from[0].kind: is required", "spec.from[0].namespace: is required",
            "spec.to[0].group: is required", "spec.to[0].kind: is required"}},
          {"{from: [{group: '', kind: A, namespace: ''}], to: [{group: '', kind: B, name: ''}]}",
           {"spec.from[0].namespace: must not be empty", "spec.to[0].name: must not be empty"}},
          {many.c_str(), {"spec.from: must have at most 16 items, not 17"}},
      });
}

}  // namespace
}  // namespace cardea::api
