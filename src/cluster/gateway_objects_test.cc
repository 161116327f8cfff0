// SPDX-License-Identifier: Apache-2.0
// Golden cases: testdata/gateway_objects/<case>.in.yaml holds one Gateway and what belongs to it; beside it stands what is made
// for it. UPDATE_GOLDEN=1 writes them anew.
#include "cluster/gateway_objects.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include <gtest/gtest.h>

#include "api/decode.h"
#include "base/file.h"
#include "base/yaml.h"
#include "translate/translate.h"

namespace cardea::cluster {
namespace {

using base::Value;
namespace fs = std::filesystem;

const fs::path kTestdata = fs::path(CARDEA_SOURCE_DIR) / "src/cluster/testdata/gateway_objects";

void put_class(api::Resources& resources, const std::string& name) {
  api::GatewayClass gateway_class;
  gateway_class.metadata.name = name;
  gateway_class.spec.controller_name = "cardea.dev/gateway-controller";
  resources.put(std::make_shared<const api::GatewayClass>(gateway_class));
}

api::Resources read(const std::string& text) {
  api::Resources resources;
  for (const Value& document : base::parse_yaml(text).values) {
    for (const api::Decoded& decoded : api::decode(document, api::DecodeMode::Lenient)) {
      const auto* object = std::get_if<api::Object>(&decoded.outcome);
      if (!object) {
        ADD_FAILURE() << "a document cannot be decoded";
        continue;
      }
      resources.put(*object);
      if (const auto* gateway = std::get_if<api::Ref<api::Gateway>>(object)) put_class(resources, (*gateway)->spec.gateway_class_name);
    }
  }
  return resources;
}

ProxyOptions proxy_options() {
  ProxyOptions options;
  options.controller = "cardea-controller.cardea-system.svc:9443";
  options.ca_pem = "the CA\n";
  return options;
}

std::vector<GatewayObject> objects_for(const std::string& text) {
  const api::Resources resources = read(text);
  translate::Options options;
  options.shared_machine = false;
  const auto translation = translate::translate(resources, {}, options);
  EXPECT_EQ(translation.plans.size(), 1u);
  if (translation.plans.empty()) return {};
  const auto& gateway = **resources.all<api::Gateway>().begin();
  return gateway_objects(gateway, ports_of(*translation.plans.front()), proxy_options());
}

const Value* find(const Value* value, std::initializer_list<std::string_view> path) {
  for (const std::string_view name : path) value = value ? value->find(name) : nullptr;
  return value;
}

const GatewayObject& of_kind(const std::vector<GatewayObject>& objects, std::string_view kind) {
  return *std::ranges::find(objects, kind, &GatewayObject::kind);
}

Value pods_of(const std::vector<GatewayObject>& objects) {
  return *find(&*of_kind(objects, "Deployment").manifest, {"spec", "template"});
}

std::string gateway(const std::string& spec) {
  return "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: web, namespace: shop, uid: u-1}\nspec: {gatewayClassName: "
         "cardea, " +
         spec + "}\n";
}

// The hash says nothing to a reader.
Value without_hash(Value manifest) {
  for (base::Member& member : manifest.as_object()) {
    if (member.name == "metadata" || member.name == "annotations") member.value = without_hash(std::move(member.value));
    if (member.name == kAppliedAnnotation) member.value = "<hash>";
  }
  return manifest;
}

class GoldenObjects : public ::testing::TestWithParam<const char*> {};

TEST_P(GoldenObjects, AreMade) {
  const auto text = base::read_file(kTestdata / (std::string(GetParam()) + ".in.yaml"));
  ASSERT_TRUE(text);
  std::string made;
  for (const GatewayObject& object : objects_for(*text)) {
    if (object.manifest) made += "---\n" + base::to_yaml(without_hash(*object.manifest));
  }
  const fs::path path = kTestdata / (std::string(GetParam()) + ".out.yaml");
  if (std::getenv("UPDATE_GOLDEN")) {
    ASSERT_TRUE(base::write_file_atomically(path, made));
    return;
  }
  EXPECT_EQ(base::read_file(path).value_or(""), made) << path << ": write it anew with UPDATE_GOLDEN=1 and read the difference";
}
INSTANTIATE_TEST_SUITE_P(Cases, GoldenObjects, ::testing::Values("simple", "everything"), [](const auto& info) { return info.param; });

TEST(GatewayObjects, AListenerChangesTheServiceAndNothingElse) {
  const auto one = objects_for(gateway("listeners: [{name: a, port: 80, protocol: HTTP}]"));
  const auto two = objects_for(gateway("listeners: [{name: a, port: 80, protocol: HTTP}, {name: b, port: 8080, protocol: HTTP}]"));
  for (const GatewayObject& object : one) {
    const auto& other = of_kind(two, object.kind);
    EXPECT_EQ(object.manifest == other.manifest, object.kind != "Service") << object.kind;
  }
}

TEST(GatewayObjects, WithoutAnyPortTheServiceStaysAsItIs) {
  const auto objects = objects_for(gateway("listeners: [{name: a, port: 80, protocol: example.net/none}]"));
  EXPECT_FALSE(of_kind(objects, "Service").manifest);
  EXPECT_TRUE(of_kind(objects, "Deployment").manifest);
}

TEST(GatewayObjects, InfrastructureReachesThePodsAndCannotTakeOurLabels) {
  const auto objects = objects_for(gateway(
      "infrastructure: {labels: {team: shop, gateway.networking.k8s.io/gateway-name: other}, annotations: {note: hello}}, listeners: [{name: "
      "a, port: 80, protocol: HTTP}]"));
  const Value pods = pods_of(objects);
  EXPECT_EQ(find(&pods, {"metadata", "labels", "team"})->as_string(), "shop");
  EXPECT_EQ(find(&pods, {"metadata", "annotations", "note"})->as_string(), "hello");
  EXPECT_EQ(find(&pods, {"metadata", "labels", kGatewayNameLabel})->as_string(), "web");
  // The hash of one object would roll the pods with every change of another one.
  EXPECT_EQ(find(&pods, {"metadata", "annotations", kAppliedAnnotation}), nullptr);
}

TEST(GatewayObjects, AnAddressThatIsAskedForIsAskedOfTheLoadBalancer) {
  const auto objects =
      objects_for(gateway("addresses: [{type: IPAddress}, {value: 192.0.2.7}], listeners: [{name: a, port: 80, protocol: HTTP}]"));
  EXPECT_EQ(find(&*of_kind(objects, "Service").manifest, {"spec", "loadBalancerIP"})->as_string(), "192.0.2.7");
}

}  // namespace
}  // namespace cardea::cluster
