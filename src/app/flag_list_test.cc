// SPDX-License-Identifier: Apache-2.0
#include "app/flag_list.h"

#include <gtest/gtest.h>

namespace cardea::app {
namespace {

TEST(Sizes, AreBytesOrPowersOf1024) {
  EXPECT_EQ(parse_size("0"), 0u);
  EXPECT_EQ(parse_size("64k"), 65536u);
  EXPECT_EQ(parse_size("1M"), 1048576u);
  EXPECT_EQ(parse_size("2g"), 2147483648u);
  for (const char* const text : {"", "k", "1.5k", "-1", "1kb", " 1", "99999999999999999999", "9999999999g"}) {
    EXPECT_FALSE(parse_size(text)) << text;
  }
  for (const std::uint64_t size : {0ul, 1ul, 1000ul, 1024ul, 65536ul, 1048576ul, 3221225472ul}) {
    EXPECT_EQ(parse_size(format_size(size)), size);
  }
}

TEST(FlagList, TakesTextOrSaysWhatIsWrong) {
  FlagList flags;
  std::uint16_t small = 7;
  std::chrono::milliseconds wait{1500};
  bool on = false;
  flags.group("Heading");
  flags.number("small", small, "a number");
  flags.duration("wait", wait, "a wait");
  flags.yes("on", on, "a switch");
  ASSERT_EQ(flags.flags().size(), 3u);
  EXPECT_EQ(flags.flags()[0].help, "a number [7]");
  EXPECT_EQ(flags.flags()[1].help, "a wait [1s500ms]");
  EXPECT_EQ(flags.flags()[1].group, "Heading");
  EXPECT_TRUE(flags.flags()[0].take("65535"));
  EXPECT_EQ(small, 65535);
  EXPECT_EQ(flags.flags()[0].take("65536").error().message, "\"65536\" is not a number that fits");
  EXPECT_FALSE(flags.flags()[1].take("15"));
  EXPECT_TRUE(flags.flags()[1].take("2m"));
  EXPECT_EQ(wait, std::chrono::minutes(2));
  EXPECT_TRUE(flags.flags()[2].take("true"));
  EXPECT_TRUE(on);
}

}  // namespace
}  // namespace cardea::app
