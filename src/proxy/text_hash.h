// SPDX-License-Identifier: Apache-2.0
// The hash of the compiled tables: chained, so that the hashes of all the heads of a path (or tails of a host) come out
// of one pass. Not for untrusted keys: tables hold configuration alone, requests are only looked up in them.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace cardea::proxy {

inline std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

inline constexpr std::uint64_t kHashStart = 0x9e3779b97f4a7c15;

// The hash of what `before` stands for, followed by `piece`.
inline std::uint64_t chain_hash(std::uint64_t before, std::string_view piece) {
  constexpr std::uint64_t kA = 0xa0761d6478bd642f;
  constexpr std::uint64_t kB = 0xe7037ed1a0b428db;
  std::uint64_t hash = before ^ (piece.size() * kB);
  while (piece.size() > 8) {
    std::uint64_t word;
    std::memcpy(&word, piece.data(), 8);
    hash = mix(hash ^ word, kA);
    piece.remove_prefix(8);
  }
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < piece.size(); ++i) {
    word |= std::uint64_t{static_cast<unsigned char>(piece[i])} << (8 * i);
  }
  return mix(hash ^ word, kB);
}

}  // namespace cardea::proxy
