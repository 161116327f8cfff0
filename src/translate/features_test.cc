// SPDX-License-Identifier: Apache-2.0
#include "translate/features.h"

#include <algorithm>
#include <functional>

#include <gtest/gtest.h>

namespace cardea::translate {
namespace {

TEST(Features, AreSortedOnceEachAndFitTheStatus) {
  const auto& features = supported_features();
  EXPECT_EQ(std::ranges::adjacent_find(features, std::ranges::greater_equal{}), features.end());
  EXPECT_LE(features.size(), 64u);
}

}  // namespace
}  // namespace cardea::translate
