// SPDX-License-Identifier: Apache-2.0
#include "proxy/mirror.h"

#include <gtest/gtest.h>

#include <string>

namespace cardea::proxy {
namespace {

std::span<const char> bytes(std::string_view text) { return {text.data(), text.size()}; }

std::string read_all(MirrorBody& body) {
  std::string all;
  std::span<const char> data;
  while (body.peek(data) == conn::ReadStatus::Data) {
    all.append(data.data(), data.size());
    body.consume(data.size());
  }
  return all;
}

TEST(MirrorBody, WhatWasFedIsReadInItsOrder) {
  async::Loop loop;
  MirrorBody body(loop, 10);
  std::span<const char> data;
  EXPECT_EQ(body.peek(data), conn::ReadStatus::WouldBlock);
  body.feed(bytes("abc"));
  ASSERT_EQ(body.peek(data), conn::ReadStatus::Data);
  body.consume(2);
  body.feed(bytes("def"));
  EXPECT_EQ(read_all(body), "cdef");
  http::Fields trailers;
  trailers.append("X-Sum", "1");
  body.end(trailers);
  EXPECT_EQ(body.peek(data), conn::ReadStatus::End);
  ASSERT_TRUE(body.trailers().find("x-sum"));
  EXPECT_EQ(body.trailers().find("x-sum")->value, "1");
}

TEST(MirrorBody, WhatWaitsIsBounded) {
  async::Loop loop;
  MirrorBody body(loop, 4);
  std::span<const char> data;
  body.feed(bytes("abcd"));
  EXPECT_EQ(read_all(body), "abcd");
  body.feed(bytes("efgh"));
  EXPECT_TRUE(body.open());
  body.feed(bytes("i"));
  EXPECT_TRUE(body.dropped());
  EXPECT_EQ(body.why(), MirrorDrop::TooSlow);
  EXPECT_EQ(body.peek(data), conn::ReadStatus::Failed);
}

TEST(MirrorBody, TheFirstReasonCounts) {
  async::Loop loop;
  MirrorBody body(loop, 4);
  body.drop(MirrorDrop::RequestEnded);
  body.drop(MirrorDrop::Failed);
  EXPECT_EQ(body.why(), MirrorDrop::RequestEnded);
}

}  // namespace
}  // namespace cardea::proxy
