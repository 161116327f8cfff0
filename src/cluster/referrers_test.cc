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

constexpr std::string_view kBackend = R"({"backendRefs":[{"name":"s","port":80}]})";

api::Object route(std::string_view kind, std::string_view parent, std::string_view rule, std::string_view namespace_ = "shop") {
  return object("v1", kind, std::string(R"({"name":"r","namespace":")") + std::string(namespace_) + "\"}",
                std::string(R"({"parentRefs":[)") + std::string(parent) + R"(],"rules":[)" + std::string(rule) + "]}");
}

TEST(Referrers, PoliciesReferToBundlesOfTheirOwnNamespaceWhereARouteOfOursSends) {
  Referrers referrers("ours");
  const auto policy = object("v1", "BackendTLSPolicy", R"({"name":"p","namespace":"shop"})", R"({"targetRefs":[{"group":"","kind":"Service","name":"s"}],
      "validation":{"hostname":"s.example","caCertificateRefs":[{"group":"","kind":"ConfigMap","name":"ca"},{"group":"","kind":"Secret","name":"x"}]}})");
  const api::ObjectId id{"BackendTLSPolicy", {"shop", "p"}};
  EXPECT_EQ(referrers.put(policy), Ids{id});
  const std::set<api::ObjectId> bundle{{"ConfigMap", {"shop", "ca"}}}, nothing;
  const auto refers_to = [&] { return referrers.references_of(id); };
  EXPECT_EQ(refers_to(), nothing) << "nobody sends to the Service";

  // Class, Gateway and route in any order: what made the difference names the policy.
  const api::ObjectId route_id{"HTTPRoute", {"shop", "r"}};
  constexpr std::string_view kParent = R"({"name":"g"})";
  EXPECT_TRUE(referrers.put(route("HTTPRoute", kParent, kBackend)).empty()) << "its Gateway is not known yet";
  EXPECT_EQ(referrers.put(gateway_class("theirs")), Ids{id});
  EXPECT_EQ(referrers.put(kGateway), (Ids{kGatewayId, id}));
  EXPECT_EQ(refers_to(), nothing) << "another controller's";
  EXPECT_EQ(referrers.put(gateway_class("ours")), (Ids{kGatewayId, id}));
  EXPECT_EQ(refers_to(), bundle);
  EXPECT_EQ(referrers.erase(route_id), Ids{id});
  EXPECT_EQ(refers_to(), nothing);

  // In every way in which a route may send.
  constexpr std::string_view kMirror = R"({"filters":[{"type":"RequestMirror","requestMirror":{"backendRef":{"name":"s","port":80}}}]})";
  constexpr std::string_view kCheck =
      R"({"backendRefs":[{"name":"x","port":80,"filters":[{"type":"ExternalAuth","externalAuth":{"protocol":"HTTP","backendRef":{"name":"s","port":80}}}]}]})";
  for (const std::string_view rule : {kBackend, kMirror, kCheck}) {
    EXPECT_EQ(referrers.put(route("HTTPRoute", kParent, rule)), Ids{id}) << rule;
    EXPECT_EQ(refers_to(), bundle) << rule;
    EXPECT_EQ(referrers.put(route("HTTPRoute", kParent, R"({"backendRefs":[{"name":"other","port":80}]})")), Ids{id});
    EXPECT_EQ(refers_to(), nothing);
  }
  EXPECT_EQ(referrers.put(route("GRPCRoute", kParent, kBackend)), Ids{id});
  EXPECT_EQ(refers_to(), bundle);
  EXPECT_EQ(referrers.erase({"GRPCRoute", {"shop", "r"}}), Ids{id});

  // From another namespace, and by a ListenerSet.
  constexpr std::string_view kFar = R"({"backendRefs":[{"name":"s","namespace":"shop","port":80}]})";
  EXPECT_TRUE(referrers.put(route("HTTPRoute", R"({"kind":"ListenerSet","name":"s"})", kFar, "team")).empty());
  EXPECT_EQ(referrers.put(kSet), (Ids{kSetId, id}));
  EXPECT_EQ(refers_to(), bundle);
  EXPECT_EQ(referrers.erase(kGatewayId), (Ids{kGatewayId, kSetId, id}));
  EXPECT_EQ(refers_to(), nothing);
}

}  // namespace
}  // namespace cardea::cluster
