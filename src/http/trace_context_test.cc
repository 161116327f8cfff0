// SPDX-License-Identifier: Apache-2.0
#include "http/trace_context.h"

#include <gtest/gtest.h>

#include <string>

namespace cardea::http {
namespace {

constexpr std::string_view kTrace = "0af7651916cd43dd8448eb211c80319c";

TEST(TraceContext, Traceparent) {
  const std::string good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  EXPECT_EQ(trace_id_of(good), kTrace);
  EXPECT_EQ(trace_id_of("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-ff"), kTrace);
  EXPECT_EQ(trace_id_of("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"), kTrace);
  EXPECT_EQ(trace_id_of("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what-is-to-come"), kTrace);
  for (const std::string bad : {
           "", "00", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331", "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
           "00-00000000000000000000000000000000-b7ad6b7169203331-01", "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
           "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0g",
           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x", "cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01.x",
           "00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "0x-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}) {
    EXPECT_FALSE(trace_id_of(bad)) << bad;
  }
}

TEST(TraceContext, Tracestate) {
  for (const std::string good : {"a=1", "rojo=00f067aa0ba902b7, congo=t61rcWkgMzE", "a@b=x y", "0_-*/=~", "a=1,,b=2"}) {
    EXPECT_TRUE(is_tracestate(good)) << good;
  }
  std::string members = "a=1";
  for (int i = 0; i < 31; ++i) members += ",b=2";
  EXPECT_TRUE(is_tracestate(members));
  for (const std::string& bad : {std::string(), std::string("a"), std::string("A=1"), std::string("a="), std::string("=1"),
                                 std::string("a=1=2"), std::string("a@b@c=1"), std::string("a b=1"), std::string("a=\x7f"),
                                 std::string(257, 'a') + "=1", "a=" + std::string(257, 'x'), members + ",c=3"}) {
    EXPECT_FALSE(is_tracestate(bad)) << bad;
  }
}

}  // namespace
}  // namespace cardea::http
