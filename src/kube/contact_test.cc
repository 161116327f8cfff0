// SPDX-License-Identifier: Apache-2.0
#include "kube/contact.h"

#include <gtest/gtest.h>

namespace cardea::kube {
namespace {

TEST(Contact, AnOutageIsALongTimeInWhichNothingAnswers) {
  Contact contact(std::chrono::milliseconds(1000));
  contact.asked(5'000);
  contact.heard(5'999);
  EXPECT_EQ(contact.returned(), std::nullopt);
  contact.asked(6'000);
  contact.asked(6'900);  // asked again: still unanswered since 6'000
  contact.heard(7'000);
  EXPECT_EQ(contact.returned(), 7'000u);
}

TEST(Contact, WhoAsksNothingMissesNothing) {
  Contact contact(std::chrono::milliseconds(1000));
  contact.asked(5'000);
  contact.heard(5'010);
  contact.heard(90'000);
  EXPECT_EQ(contact.returned(), std::nullopt);
}

TEST(Contact, WhatIsHeardElsewhereCounts) {
  Contact contact(std::chrono::milliseconds(1000));
  contact.asked(5'000);  // answered late
  contact.heard(5'500);  // by a watch
  contact.asked(5'600);
  contact.heard(6'200);
  EXPECT_EQ(contact.returned(), std::nullopt);
}

}  // namespace
}  // namespace cardea::kube
