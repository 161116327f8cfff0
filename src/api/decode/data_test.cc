// SPDX-License-Identifier: Apache-2.0
// Secret, ConfigMap and Namespace.
#include "api/decode/decoding.h"

namespace cardea::api {
namespace {

constexpr std::string_view kSecret = "{apiVersion: v1, kind: Secret, metadata: {name: a}, @}";

TEST(DecodeSecret, EveryField) {
  const auto made = decode_as<Secret>(R"(apiVersion: v1
kind: Secret
metadata: {name: a}
type: example.com/kind
immutable: true
data:
  one: aGVsbG8=
  two: |
    aGVs
    bG8K
  three: ""
  four: null
stringData:
  one: over it
  five: "text\n"
)");
  EXPECT_EQ(made->type, "example.com/kind");
  EXPECT_EQ(made->data,
            (StringMap{{"one", "over it"}, {"two", "hello\n"}, {"three", ""}, {"four", ""}, {"five", "text\n"}}));
  EXPECT_EQ(decode_as<Secret>("{apiVersion: v1, kind: Secret, metadata: {name: a}}")->type, "Opaque");
}

TEST(DecodeSecret, Errors) {
  expect_errors(
      kSecret,
      {
          {"data: {a: 'not base64!'}",
           {"data.a: must be base64 (plain text belongs into stringData of a Secret, data of a ConfigMap)"}},
          {"data: {a: aGVsbG8}",
           {"data.a: must be base64 (plain text belongs into stringData of a Secret, data of a ConfigMap)"}},
          {"data: {a/b: aGVsbG8=}", {"data[\"a/b\"]: its key must be letters, digits, '-', '_' and '.', not \"a/b\""}},
          {"stringData: {..a: b}",
           {"stringData[\"..a\"]: its key must be letters, digits, '-', '_' and '.', not \"..a\""}},
          {"stringData: [a]", {"stringData: must be an object of texts, not a list"}},
          {"type: kubernetes.io/tls, stringData: {tls.crt: a, tls.key: b}", {}},
          {"type: kubernetes.io/tls, stringData: {tls.crt: a}",
           {"data: must have \"tls.key\" for type kubernetes.io/tls"}},
          {"type: kubernetes.io/tls, stringData: {tls.key: a}",
           {"data: must have \"tls.crt\" for type kubernetes.io/tls"}},
      });
}

TEST(DecodeSecret, ErrorsDoNotTellSecrets) {
  const std::vector<std::string> errors = errors_of(
      "{apiVersion: v1, kind: Secret, metadata: {name: a}, data: {a: hunter.2}, stringData: {b: 424242, c: "
      "[hunter2]}}");
  ASSERT_EQ(errors.size(), 3u);
  for (const std::string& error : errors) {
    EXPECT_EQ(error.find("hunter"), std::string::npos) << error;
    EXPECT_EQ(error.find("424242"), std::string::npos) << error;
  }
}

TEST(DecodeSecret, LimitedTo1MiB) {
  const std::string fits = "stringData: {a: '" + std::string(1 << 20, 'x') + "'}";
  const std::string too_much = "stringData: {a: '" + std::string(1 << 20, 'x') + "', b: x}";
  expect_errors(kSecret, {{fits.c_str(), {}}, {too_much.c_str(), {": must hold at most 1 MiB of data"}}});
}

TEST(DecodeConfigMap, EveryField) {
  const auto made = decode_as<ConfigMap>(R"(apiVersion: v1
kind: ConfigMap
metadata: {name: a}
immutable: false
data: {ca.crt: "text", b: ""}
binaryData: {c: AAE=}
)");
  EXPECT_EQ(made->data, (StringMap{{"ca.crt", "text"}, {"b", ""}}));
  EXPECT_EQ(made->binary_data, (StringMap{{"c", std::string("\0\1", 2)}}));
}

TEST(DecodeConfigMap, Errors) {
  expect_errors(
      "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, @}",
      {
          {"data: {a: 1}", {"data.a: must be text, not the number 1; put it in quotes"}},
          {"data: {a: b}, binaryData: {a: AAE=}", {"binaryData.a: must not be in data too"}},
          {"binaryData: {a: '?'}",
           {"binaryData.a: must be base64 (plain text belongs into stringData of a Secret, data of a ConfigMap)"}},
          {"spec: {}",
           {"spec: no such field; allowed: apiVersion, kind, metadata, data, binaryData, immutable, "
            "status"}},
      });
}

TEST(DecodeNamespace, IsLabelledWithItsName) {
  const auto made = decode_as<Namespace>(
      "{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {team: web}}, spec: {finalizers: "
      "[kubernetes]}}");
  EXPECT_EQ(made->metadata.labels, (StringMap{{"team", "web"}, {"kubernetes.io/metadata.name", "shop"}}));
  EXPECT_EQ(errors_of("{apiVersion: v1, kind: Namespace, metadata: {name: a.b}}").size(), 1u);
}

}  // namespace
}  // namespace cardea::api
