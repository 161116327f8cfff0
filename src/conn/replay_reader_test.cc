// SPDX-License-Identifier: Apache-2.0
#include "conn/replay_reader.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "async/wait.h"

namespace cardea::conn {
namespace {

// Gives these pieces, one at a time.
class Pieces final : public BodyReader {
 public:
  explicit Pieces(std::vector<std::string_view> pieces) : pieces_(std::move(pieces)) {}
  ReadStatus peek(std::span<const char>& data) override {
    if (at_ == pieces_.size()) return ReadStatus::End;
    data = std::span(pieces_[at_].data(), pieces_[at_].size());
    return ReadStatus::Data;
  }
  void consume(std::size_t bytes) override {
    bytes_read_ += bytes;
    pieces_[at_].remove_prefix(bytes);
    if (pieces_[at_].empty()) ++at_;
  }
  async::Signal& ready() override { return ready_; }
  const http::Fields& trailers() const override { return trailers_; }
  http::Fault fault() const override { return http::Fault::None; }
  bool rewindable() const override { return false; }
  void rewind() override {}

 private:
  std::vector<std::string_view> pieces_;
  std::size_t at_ = 0;
  async::Signal ready_;
  http::Fields trailers_;
};

// Reads at most `most` bytes, in steps of `step`.
std::string read(BodyReader& body, std::size_t most, std::size_t step) {
  std::string all;
  std::span<const char> data;
  while (all.size() < most && body.peek(data) == ReadStatus::Data) {
    const std::size_t size = std::min({data.size(), step, most - all.size()});
    all.append(data.data(), size);
    body.consume(size);
  }
  return all;
}

constexpr std::size_t kAll = ~std::size_t{0};

TEST(ReplayReader, GivesTheSameAgainHoweverFarAndInWhateverStepsItWasRead) {
  for (std::size_t first = 0; first <= 9; ++first) {
    for (std::size_t step = 1; step <= 9; ++step) {
      Pieces pieces({"abc", "d", "efghi"});
      ReplayReader body(pieces, 9);
      EXPECT_EQ(read(body, first, step), std::string_view("abcdefghi").substr(0, first));
      for (int again = 0; again < 2; ++again) {
        ASSERT_TRUE(body.rewindable());
        body.rewind();
        EXPECT_EQ(body.bytes_read(), 0u);
        EXPECT_EQ(read(body, kAll, step), "abcdefghi");
        EXPECT_EQ(body.bytes_read(), 9u);
      }
      EXPECT_EQ(pieces.bytes_read(), 9u) << "each byte is read once";
    }
  }
}

TEST(ReplayReader, WhatIsLargerThanTheLimitPassesAndCannotBeReadAgain) {
  Pieces pieces({"abc", "d", "efghi"});
  ReplayReader body(pieces, 8);
  EXPECT_EQ(read(body, 8, 1), "abcdefgh");
  EXPECT_TRUE(body.rewindable());
  EXPECT_EQ(read(body, kAll, 1), "i");
  EXPECT_FALSE(body.rewindable());
}

TEST(ReplayReader, ABodyThatWasReadAgainMayStillGrowOverTheLimit) {
  Pieces pieces({"abc", "d", "efghi"});
  ReplayReader body(pieces, 5);
  EXPECT_EQ(read(body, 4, 9), "abcd");
  body.rewind();
  EXPECT_EQ(read(body, kAll, 9), "abcdefghi");
  EXPECT_FALSE(body.rewindable());
}

TEST(ReplayReader, NothingIsReadAgainFromNothing) {
  Pieces pieces({});
  ReplayReader body(pieces, 0);
  std::span<const char> data;
  EXPECT_EQ(body.peek(data), ReadStatus::End);
  EXPECT_TRUE(body.rewindable());
  body.rewind();
  EXPECT_EQ(body.peek(data), ReadStatus::End);
}

}  // namespace
}  // namespace cardea::conn
