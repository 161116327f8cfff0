// SPDX-License-Identifier: Apache-2.0
#include "cluster/object_names.h"

#include <set>

#include <gtest/gtest.h>

namespace cardea::cluster {
namespace {

TEST(ObjectName, IsGatewayAndClassWhereThatIsAName) {
  EXPECT_EQ(object_name("web", "cardea"), "web-cardea");
  EXPECT_EQ(object_name("my-web", "cardea"), "my-web-cardea");
}

TEST(ObjectName, ThatWouldBeNoNameOfAServiceGetsAHash) {
  EXPECT_EQ(object_name("1st.web", "cardea").find("gw-1st-web-cardea-"), 0u);
  const std::string longest(253, 'g');
  const std::string name = object_name(longest, "cardea");
  EXPECT_EQ(name.size(), kMaxLabel);
  EXPECT_NE(name, object_name(longest, "other"));
  EXPECT_NE(name, object_name(std::string(252, 'g'), "cardea"));
  // Cut where a dash stands.
  EXPECT_FALSE(object_name(std::string(53, 'g') + "-" + std::string(30, 'h'), "cardea").contains("--"));
}

TEST(ObjectName, OfTwoGatewaysNeverMeets) {
  std::set<std::string> names{object_name("a-b", "c"), object_name("a", "b-c"), object_name("a.b", "c"), object_name("a-b-c", "d"),
                              object_name("a-b", "c-d"), object_name("a", "b-c-d")};
  EXPECT_EQ(names.size(), 6u);
}

TEST(LabelValue, IsTheTextWhereItMayBe) {
  EXPECT_EQ(label_value("web.example"), "web.example");
  EXPECT_EQ(label_value(std::string(63, 'x')), std::string(63, 'x'));
}

TEST(LabelValue, IsShortAndDistinctElse) {
  const std::string value = label_value(std::string(253, 'x'));
  EXPECT_EQ(value.size(), kMaxLabel);
  EXPECT_NE(value, label_value(std::string(252, 'x')));
  EXPECT_EQ(label_value("cardea.dev/gateway-controller").find("cardea.dev_gateway-controller-"), 0u);
}

}  // namespace
}  // namespace cardea::cluster
