// SPDX-License-Identifier: Apache-2.0
#include "translate/features.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace cardea::translate {
namespace {

TEST(Features, AreSortedOnceEachAndFitTheStatus) {
  const auto& features = supported_features();
  EXPECT_TRUE(std::ranges::is_sorted(features, std::ranges::less_equal{}) ||
              std::ranges::adjacent_find(features, std::ranges::greater_equal{}) == features.end());
  EXPECT_LE(features.size(), 64u);
}

}  // namespace
}  // namespace cardea::translate
