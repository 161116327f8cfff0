// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"

#include <gtest/gtest.h>

namespace cardea::base {
namespace {

using namespace std::chrono_literals;

TEST(Clock, PrintsRfc3339) {
  const WallTime time{1706745599s + 123456us};
  EXPECT_EQ(format_rfc3339(time), "2024-01-31T23:59:59Z");
  EXPECT_EQ(format_rfc3339_millis(time), "2024-01-31T23:59:59.123Z");
  EXPECT_EQ(format_rfc3339(WallTime{}), "1970-01-01T00:00:00Z");
  EXPECT_EQ(format_rfc3339_millis(WallTime{-1ms}), "1969-12-31T23:59:59.999Z");
}

TEST(Clock, ReadsRfc3339) {
  EXPECT_EQ(parse_rfc3339("2024-01-31T23:59:59Z"), WallTime{1706745599s});
  EXPECT_EQ(parse_rfc3339("2024-02-01t00:59:59.5+01:00"), WallTime{1706745599s + 500ms});
  EXPECT_EQ(parse_rfc3339("2024-01-31T22:29:59.1234567-01:30"), WallTime{1706745599s + 123456us});
  EXPECT_EQ(parse_rfc3339("2024-02-29T00:00:00z"), WallTime{1709164800s});
  for (const char* text :
       {"", "2024-01-31", "2024-01-31T23:59:59", "2024-01-31 23:59:59Z", "2024-1-31T23:59:59Z", "2023-02-29T00:00:00Z",
        "2024-13-01T00:00:00Z", "2024-00-01T00:00:00Z", "2024-01-01T24:00:00Z", "2024-01-01T00:60:00Z",
        "2024-01-01T00:00:00.Z", "2024-01-01T00:00:00Zx", "2024-01-01T00:00:00+1:00", "+024-01-01T00:00:00Z"}) {
    EXPECT_EQ(parse_rfc3339(text), std::nullopt) << text;
  }
}

TEST(Clock, ReadsDurations) {
  EXPECT_EQ(parse_duration("0s"), 0ms);
  EXPECT_EQ(parse_duration("1h30m"), 90min);
  EXPECT_EQ(parse_duration("10ms"), 10ms);
  EXPECT_EQ(parse_duration("1h2m3s4ms"), 1h + 2min + 3s + 4ms);
  EXPECT_EQ(parse_duration("99999h"), 99999h);
  EXPECT_EQ(parse_duration("1m1m"), 2min);
  for (const char* text :
       {"", "1", "s", "-1s", "1.5s", "1d", "1s ", " 1s", "100000s", "1h1h1h1h1h", "1S", "1us", "1ms1", "1mms"}) {
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
  }
}

TEST(Clock, PrintsDurations) {
  EXPECT_EQ(format_duration(0ms), "0s");
  EXPECT_EQ(format_duration(90s), "1m30s");
  EXPECT_EQ(format_duration(1h + 4ms), "1h4ms");
  for (const auto duration : {1ms, 999ms, 1000ms, 59999ms, 3600000ms, 86399999ms}) {
    EXPECT_EQ(parse_duration(format_duration(duration)), duration);
  }
}

}  // namespace
}  // namespace cardea::base
