// SPDX-License-Identifier: Apache-2.0
#include "translate/status/vocabulary.h"

#include <gtest/gtest.h>

namespace cardea::translate {
namespace {

TEST(Vocabulary, AMessageIsNoLongerThanTheApiTakes) {
  const auto message_of = [](std::string text) {
    return make_condition(condition::kProgrammed, api::ConditionStatus::False, reason::kPending, std::move(text), 1).message;
  };
  const std::string fits(32'768, 'x');
  EXPECT_EQ(message_of(fits), fits);
  std::string longer = "x";
  while (longer.size() < 40'000) longer += "\xE2\x82\xAC";
  const std::string cut = message_of(longer);
  EXPECT_LE(cut.size(), 32'768u);
  EXPECT_GT(cut.size(), 32'760u);
  EXPECT_TRUE(base::is_utf8(cut));
  EXPECT_TRUE(cut.ends_with("..."));
}

}  // namespace
}  // namespace cardea::translate
