// SPDX-License-Identifier: Apache-2.0
#include "base/line_splitter.h"

#include <gtest/gtest.h>

#include <vector>

namespace cardea::base {
namespace {

std::vector<std::string> lines_of(LineSplitter& splitter) {
  std::vector<std::string> lines;
  while (const auto line = splitter.next()) lines.emplace_back(*line);
  return lines;
}

TEST(LineSplitter, GivesWholeLinesAtEverySplit) {
  const std::string text = "{\"a\":1}\r\n\nlast\nrest";
  const std::vector<std::string> expected{"{\"a\":1}", "", "last"};
  for (std::size_t i = 0; i <= text.size(); ++i) {
    LineSplitter splitter(8);
    std::vector<std::string> lines;
    for (const std::string_view piece : {std::string_view(text).substr(0, i), std::string_view(text).substr(i)}) {
      ASSERT_TRUE(splitter.append(piece)) << i;
      for (std::string& line : lines_of(splitter)) lines.push_back(std::move(line));
    }
    EXPECT_EQ(lines, expected) << i;
    EXPECT_EQ(splitter.rest(), 4u);
  }
}

TEST(LineSplitter, RefusesALineThatIsTooLong) {
  LineSplitter whole(4);
  EXPECT_TRUE(whole.append("1234\n"));
  EXPECT_FALSE(LineSplitter(4).append("12345\n"));
  LineSplitter unfinished(4);
  EXPECT_TRUE(unfinished.append("ok\n1234"));
  EXPECT_EQ(lines_of(unfinished), std::vector<std::string>{"ok"});
  EXPECT_FALSE(unfinished.append("5"));
}

}  // namespace
}  // namespace cardea::base
