// SPDX-License-Identifier: Apache-2.0
#include "cluster/referrers.h"

#include <gtest/gtest.h>

#include <string_view>

#include "api/decode.h"
#include "base/json.h"

namespace cardea::cluster {
namespace {

using Ids = std::vector<api::ObjectId>;

api::Object object(std::string_view group, std::string_view kind, std::string_view metadata, std::string_view spec) {
  const std::string text = std::string(R"({"apiVersion":"gateway.networking.k8s.io/)") + std::string(group) + R"(","kind":")" + std::string(kind) +
                           R"(","metadata":)" + std::string(metadata) + R"(,"spec":)" + std::string(spec) + "}";
  const auto decoded = api::decode(*base::parse_json(text), api::DecodeMode::Lenient);
  return std::get<api::Object>(decoded.at(0).outcome);
}
api::Object gateway_class(std::string_view controller) {
  return object("v1", "GatewayClass", R"({"name":"c"})", std::string(R"({"controllerName":")") + std::string(controller) + "\"}");
}
const api::Object kGateway = object("v1", "Gateway", R"({"name":"g","namespace":"shop"})", R"({"gatewayClassName":"c",
  "listeners":[{"name":"a","port":443,"protocol":"HTTPS","tls":{"certificateRefs":[{"name":"own"},{"name":"far","namespace":"vault"},
                {"kind":"ConfigMap","name":"no-certificate"}]}}],
  "tls":{"backend":{"clientCertificateRef":{"name":"client"}},
         "frontend":{"default":{"validation":{"caCertificateRefs":[{"group":"","kind":"ConfigMap","name":"ca"},{"group":"","kind":"Secret","name":"no-ca"}]}}}}})");
const api::Object kSet = object("v1", "ListenerSet", R"({"name":"s","namespace":"team"})", R"({"parentRef":{"name":"g","namespace":"shop"},
  "listeners":[{"name":"b","port":444,"protocol":"HTTPS","tls":{"certificateRefs":[{"name":"of-set"}]}}]})");
const api::ObjectId kGatewayId{"Gateway", {"shop", "g"}};
const api::ObjectId kSetId{"ListenerSet", {"team", "s"}};
const std::set<api::ObjectId> kOfGateway{{"Secret", {"shop", "own"}}, {"Secret", {"shop", "client"}}, {"ConfigMap", {"shop", "ca"}}};
const std::set<api::ObjectId> kOfSet{{"Secret", {"team", "of-set"}}};

TEST(Referrers, OnlyGatewaysOfOurClassAndTheirSetsRefer) {
  Referrers referrers("ours");
  EXPECT_EQ(referrers.put(kGateway), Ids{kGatewayId});
  EXPECT_EQ(referrers.put(kSet), Ids{kSetId});
  EXPECT_TRUE(referrers.references_of(kGatewayId).empty());
  EXPECT_TRUE(referrers.references_of(kSetId).empty());
  EXPECT_EQ(referrers.put(gateway_class("theirs")), (Ids{kGatewayId, kSetId}));
  EXPECT_TRUE(referrers.references_of(kGatewayId).empty());
  EXPECT_TRUE(referrers.references_of(kSetId).empty());
  EXPECT_EQ(referrers.put(gateway_class("ours")), (Ids{kGatewayId, kSetId}));
  EXPECT_EQ(referrers.references_of(kGatewayId), kOfGateway);
  EXPECT_EQ(referrers.references_of(kSetId), kOfSet);
  // The Gateway goes: its sets are nobody's.
  EXPECT_EQ(referrers.erase(kGatewayId), (Ids{kGatewayId, kSetId}));
  EXPECT_TRUE(referrers.references_of(kSetId).empty());
  EXPECT_EQ(referrers.put(kGateway), (Ids{kGatewayId, kSetId}));
  EXPECT_EQ(referrers.references_of(kSetId), kOfSet);
  EXPECT_EQ(referrers.erase({"GatewayClass", {"", "c"}}), (Ids{kGatewayId, kSetId}));
  EXPECT_TRUE(referrers.references_of(kGatewayId).empty());
}

TEST(Referrers, AnotherNamespaceHasToPermitIt) {
  Referrers referrers("ours");
  referrers.put(gateway_class("ours"));
  referrers.put(kGateway);
  const auto grant = [](std::string_view from, std::string_view name) {
    return object("v1beta1", "ReferenceGrant", R"({"name":"grant","namespace":"vault"})",
                  std::string(R"({"from":[{"group":"gateway.networking.k8s.io","kind":")") + std::string(from) +
                      R"(","namespace":"shop"}],"to":[{"group":"","kind":"Secret","name":")" + std::string(name) + R"("}]})");
  };
  auto with_far = kOfGateway;
  with_far.insert({"Secret", {"vault", "far"}});
  EXPECT_EQ(referrers.put(grant("Gateway", "far")), Ids{kGatewayId});
  EXPECT_EQ(referrers.references_of(kGatewayId), with_far);
  referrers.put(grant("ListenerSet", "far"));
  EXPECT_EQ(referrers.references_of(kGatewayId), kOfGateway);
  referrers.put(grant("Gateway", "other"));
  EXPECT_EQ(referrers.references_of(kGatewayId), kOfGateway);
  referrers.put(grant("Gateway", "far"));
  EXPECT_EQ(referrers.erase({"ReferenceGrant", {"vault", "grant"}}), Ids{kGatewayId});
  EXPECT_EQ(referrers.references_of(kGatewayId), kOfGateway);
}

TEST(Referrers, PoliciesReferToBundlesOfTheirOwnNamespace) {
  Referrers referrers("ours");
  const auto policy = object("v1", "BackendTLSPolicy", R"({"name":"p","namespace":"shop"})", R"({"targetRefs":[{"group":"","kind":"Service","name":"s"}],
      "validation":{"hostname":"s.example","caCertificateRefs":[{"group":"","kind":"ConfigMap","name":"ca"},{"group":"","kind":"Secret","name":"x"}]}})");
  const api::ObjectId id{"BackendTLSPolicy", {"shop", "p"}};
  EXPECT_EQ(referrers.put(policy), Ids{id});
  EXPECT_EQ(referrers.references_of(id), (std::set<api::ObjectId>{{"ConfigMap", {"shop", "ca"}}}));
  const auto route = object("v1", "HTTPRoute", R"({"name":"r","namespace":"shop"})", "{}");
  EXPECT_TRUE(referrers.put(route).empty());
  EXPECT_TRUE(referrers.erase({"HTTPRoute", {"shop", "r"}}).empty());
}

}  // namespace
}  // namespace cardea::cluster
