// SPDX-License-Identifier: Apache-2.0
#include "kube/line_splitter.h"

#include <gtest/gtest.h>

#include <vector>

namespace cardea::kube {
namespace {

TEST(LineSplitter, FindsTheSameLinesAtEverySplit) {
  const std::string text = "one\ntwo\r\n\nlonger line\nrest";
  for (std::size_t split = 0; split <= text.size(); ++split) {
    LineSplitter lines(20);
    std::vector<std::string> found;
    const auto take = [&] {
      while (const auto line = lines.next()) found.emplace_back(*line);
    };
    ASSERT_TRUE(lines.append(std::string_view(text).substr(0, split)));
    take();
    ASSERT_TRUE(lines.append(std::string_view(text).substr(split)));
    take();
    EXPECT_EQ(found, (std::vector<std::string>{"one", "two", "", "longer line"})) << split;
    EXPECT_EQ(lines.rest(), 4u);
  }
}

TEST(LineSplitter, RefusesALineThatIsTooLongWhetherItEndsOrNot) {
  LineSplitter open(5);
  EXPECT_TRUE(open.append("12345"));
  EXPECT_FALSE(open.append("6"));
  LineSplitter ended(5);
  EXPECT_FALSE(ended.append("123456\n"));
  LineSplitter second(5);
  EXPECT_TRUE(second.append("1\n123456\n"));
  EXPECT_EQ(second.next(), "1");
  EXPECT_EQ(second.next(), std::nullopt);
}

}  // namespace
}  // namespace cardea::kube
