// SPDX-License-Identifier: Apache-2.0
#include "base/hash.h"

#include <gtest/gtest.h>

#include <unordered_set>

namespace cardea::base {
namespace {

TEST(Hash, IsTheFirstHalfOfSha256) {
  EXPECT_EQ(to_hex(hash128("")), "e3b0c44298fc1c149afbf4c8996fb924");
  EXPECT_EQ(to_hex(hash128("abc")), "ba7816bf8f01cfea414140de5dae2223");
}

TEST(Hash, ReadsItsHexadecimalForm) {
  const Hash128 hash = hash128("abc");
  EXPECT_EQ(parse_hash(to_hex(hash)), hash);
  EXPECT_EQ(parse_hash("BA7816BF8F01CFEA414140DE5DAE2223"), hash);
  EXPECT_EQ(parse_hash(""), std::nullopt);
  EXPECT_EQ(parse_hash("ba7816bf8f01cfea414140de5dae222"), std::nullopt);
  EXPECT_EQ(parse_hash("ba7816bf8f01cfea414140de5dae222x"), std::nullopt);
}

TEST(Hash, ZeroMeansNotComputed) {
  EXPECT_TRUE(Hash128{}.is_zero());
  EXPECT_FALSE(hash128("").is_zero());
}

TEST(Hash, IsAKey) {
  const std::unordered_set<Hash128> set{hash128("a"), hash128("b"), hash128("a")};
  EXPECT_EQ(set.size(), 2u);
}

}  // namespace
}  // namespace cardea::base
