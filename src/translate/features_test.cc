// SPDX-License-Identifier: Apache-2.0
#include "translate/features.h"

#include <algorithm>
#include <functional>

#include <gtest/gtest.h>

namespace cardea::translate {
namespace {

bool has(const std::vector<std::string>& features, std::string_view name) {
  return std::ranges::find(features, name) != features.end();
}

std::vector<std::string> features_with(bool shared_machine) {
  Options options;
  options.shared_machine = shared_machine;
  return supported_features(options, {});
}

TEST(Features, AreSortedOnceEachAndFitTheStatus) {
  for (const bool shared : {true, false}) {
    const auto features = features_with(shared);
    EXPECT_EQ(std::ranges::adjacent_find(features, std::ranges::greater_equal{}), features.end());
    EXPECT_LE(features.size(), 64u);
  }
}

TEST(Features, InfrastructureIsForGatewaysWithObjectsOfTheirOwn) {
  EXPECT_FALSE(has(features_with(true), "GatewayInfrastructurePropagation"));
  EXPECT_TRUE(has(features_with(false), "GatewayInfrastructurePropagation"));
}

TEST(Features, OfKindsThatAreNotInstalledAreLeftOut) {
  Observed observed;
  observed.installed = {{"HTTPRoute", "v1.6.1", "standard"}};
  const auto features = supported_features({}, observed);
  EXPECT_TRUE(has(features, "Gateway"));
  EXPECT_TRUE(has(features, "HTTPRoute"));
  EXPECT_TRUE(has(features, "HTTPRouteParentRefPort"));
  EXPECT_FALSE(has(features, "HTTPRouteDestinationPortMatching"));
  EXPECT_FALSE(has(features, "ListenerSet"));
  EXPECT_FALSE(has(features, "ReferenceGrant"));
  observed.installed = {{"HTTPRoute", "v1.6.1", "experimental"}, {"ListenerSet", "v1.6.1", "experimental"}};
  const auto more = supported_features({}, observed);
  EXPECT_TRUE(has(more, "HTTPRouteDestinationPortMatching"));
  EXPECT_TRUE(has(more, "ListenerSet"));
}

}  // namespace
}  // namespace cardea::translate
