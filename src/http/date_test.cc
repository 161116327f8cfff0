// SPDX-License-Identifier: Apache-2.0
#include "http/date.h"

#include <gtest/gtest.h>

#include <string>

#include "http/status.h"

namespace cardea::http {
namespace {

std::string date(std::int64_t seconds) {
  std::string text(kDateSize, '#');
  write_date(text.data(), seconds);
  return text;
}

TEST(Date, IsImfFixdate) {
  EXPECT_EQ(date(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");  // the example of RFC 9110 section 5.6.7
  EXPECT_EQ(date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(date(951782400), "Tue, 29 Feb 2000 00:00:00 GMT");
  EXPECT_EQ(date(4102444799), "Thu, 31 Dec 2099 23:59:59 GMT");
}

TEST(Status, HasItsUsualReason) {
  EXPECT_EQ(reason_phrase(200), "OK");
  EXPECT_EQ(reason_phrase(431), "Request Header Fields Too Large");
  EXPECT_EQ(reason_phrase(299), "");
}

}  // namespace
}  // namespace cardea::http
