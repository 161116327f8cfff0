// SPDX-License-Identifier: Apache-2.0
#include "base/log.h"

#include <gtest/gtest.h>

#include <string>

namespace cardea::base {
namespace {

class Log : public testing::Test {
 protected:
  ~Log() override { set_log_level(LogLevel::Info); }
};

std::string captured(auto act) {
  testing::internal::CaptureStderr();
  act();
  return testing::internal::GetCapturedStderr();
}

TEST_F(Log, WritesLinesWithLevelAndTime) {
  const std::string line = captured([] { log_warn("port {} is taken", 80); });
  EXPECT_TRUE(line.ends_with("Z warning port 80 is taken\n")) << line;
  EXPECT_EQ(line.find('T'), 10u) << line;
}

TEST_F(Log, ObeysTheLevelOfTheMoment) {
  const auto all = [] {
    log_debug("d");
    log_info("i");
    log_warn("w");
    log_error("e");
  };
  const auto lines = [&](LogLevel level) {
    set_log_level(level);
    const std::string text = captured(all);
    return std::count(text.begin(), text.end(), '\n');
  };
  EXPECT_EQ(lines(LogLevel::Debug), 4);
  EXPECT_EQ(lines(LogLevel::Info), 3);
  EXPECT_EQ(lines(LogLevel::Warn), 2);
  EXPECT_EQ(lines(LogLevel::Error), 1);
  EXPECT_EQ(lines(LogLevel::Off), 0);
  EXPECT_FALSE(log_enabled(LogLevel::Error));
}

TEST_F(Log, ForeignBytesCannotForgeALine) {
  const std::string text = captured([] { log_info("{}", "a\n2024 error b\r\x1B[31m{}%v"); });
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
  EXPECT_TRUE(text.ends_with("a\\n2024 error b\\x0d\\x1b[31m{}%v\n")) << text;
}

TEST_F(Log, NamesLevels) {
  for (const auto level : {LogLevel::Debug, LogLevel::Info, LogLevel::Warn, LogLevel::Error, LogLevel::Off}) {
    EXPECT_EQ(parse_log_level(to_string(level)), level);
  }
  EXPECT_EQ(parse_log_level("verbose"), std::nullopt);
}

}  // namespace
}  // namespace cardea::base
